// A chat by UDP: the first message of an address is its name.
const dgram = require("node:dgram");

const names = new Map();
const server = dgram.createSocket("udp4");
server.on("message", (data, from) => {
  const key = `${from.address} ${from.port}`;
  if (!names.has(key)) {
    names.set(key, String(data));
    return;
  }
  for (const other of names.keys()) {
    const [host, port] = other.split(" ");
    if (other !== key) server.send(`${names.get(key)}: ${data}`, Number(port), host);
  }
});
process.on("SIGINT", () => process.exit(0));
server.bind(9090);
