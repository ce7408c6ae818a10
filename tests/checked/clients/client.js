// An echo client for Node: it asks for host and port.
const net = require("net");
const readline = require("readline");

const terminal = readline.createInterface({ input: process.stdin, output: process.stdout });
const printable = (text) => text.replace(/[^\P{C}\n]/gu, "?");

function askPort(host) {
  terminal.question("Port (9090): ", (answer) => {
    const port = Number(answer || 9090);
    if (Number.isInteger(port) && port > 0 && port < 65536) talk(host, port);
    else askPort(host);
  });
}

function talk(host, port) {
  const socket = net.connect(port, host, () => {
    console.log("Connected.");
    terminal.on("line", (line) => {
      if (line === "exit") terminal.close();
      else socket.write(line + "\n", () => console.log("Sent:", line.length, "characters"));
    });
    terminal.on("close", () => socket.end());
  });
  socket.setEncoding("utf8");
  socket.on("data", (text) => console.log("Received:", printable(text)));
  socket.on("error", (error) => console.log("Connection failed:", error.message));
  socket.on("close", () => {
    console.log("Disconnected.");
    process.exit(0);
  });
}

terminal.question("Host (localhost): ", (answer) => askPort(answer || "localhost"));
