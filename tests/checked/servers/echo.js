// Node: a socket's events.
const net = require("net");
const readline = require("readline");

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  console.log("Client connected");
  socket.on("data", (data) => {
    console.log(`Received ${data.length} bytes`);
    if (!socket.write(data, () => console.log(`Sent ${data.length} bytes`))) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("end", () => socket.end());
  socket.on("error", (error) => console.log(`Client: ${error.message}`));
  socket.on("close", () => console.log("Client disconnected"));
});

function listen(port) {
  server.once("error", (error) => {
    console.log(`Port ${port}: ${error.code}`);
    listen(port + 1);
  });
  server.listen(port);
}

server.on("listening", () => console.log(`Server started, it listens on port ${server.address().port}`));
process.on("SIGINT", () => {
  console.log("Server stopped");
  process.exit();
});

const console_ = readline.createInterface({ input: process.stdin, output: process.stdout });
console_.question("Port [9090]: ", (answer) => {
  console_.close();
  const port = Number(answer || 9090);
  listen(Number.isInteger(port) && port > 0 && port < 65536 ? port : 9090);
});
