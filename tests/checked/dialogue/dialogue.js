// Node: lines that are answered with a number; exit ends a dialogue.
const net = require("net");
const readline = require("readline");

net.createServer((socket) => {
  let number = 0;
  socket.on("error", (error) => console.log(error.message));
  const lines = readline.createInterface({ input: socket });
  lines.on("error", () => {}); // it passes on the error of its input
  lines.on("line", (line) => {
    number += 1;
    if (line === "exit") socket.end("Goodbye\n");
    else socket.write(`${number}: ${line}\n`);
  });
}).listen(9090);
