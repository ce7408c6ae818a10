// Identification in Node, one JSON object for each line of the file.
const fs = require("fs");
const net = require("net");

const FILE = "known.jsonl";
const known = new Map();
if (fs.existsSync(FILE)) {
  for (const line of fs.readFileSync(FILE, "utf8").split("\n")) {
    try {
      const { host, name } = JSON.parse(line);
      known.set(host, name);
    } catch {
      // The end of the file, or a damaged line.
    }
  }
}

const server = net.createServer((socket) => {
  const host = socket.remoteAddress.replace("::ffff:", "");
  socket.on("error", () => {});
  socket.setEncoding("utf8");
  socket.write(known.has(host) ? `Hello again, ${known.get(host)}\n` : "Enter your name: ");
  socket.on("data", (text) => {
    if (known.has(host)) {
      socket.write(text);
    } else if (text.trim()) {
      known.set(host, text.trim());
      fs.appendFileSync(FILE, "\n" + JSON.stringify({ host, name: text.trim() }));
      socket.write(`Hello, ${text.trim()}\n`);
    } else {
      socket.write("Enter your name: ");
    }
  });
});
server.listen(9090, () => console.log("Listening on port 9090"));
