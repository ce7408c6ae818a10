// Node: five digits with the number of characters, both ways. It works, but counts no bytes.
const net = require("net");

net.createServer((socket) => {
  socket.setEncoding("utf8");
  socket.on("error", (error) => console.log(error.message));
  let text = "";
  socket.on("data", (portion) => {
    text += portion;
    while (text.length >= 5) {
      const length = Number(text.slice(0, 5));
      if (!Number.isInteger(length)) return socket.destroy();
      if (text.length < 5 + length) return;
      const message = text.slice(5, 5 + length);
      text = text.slice(5 + length);
      socket.write(String(message.length).padStart(5, "0") + message);
    }
  });
}).listen(9090);
