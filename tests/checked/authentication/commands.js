// Authentication in Node by commands, with tokens.
const crypto = require("crypto");
const fs = require("fs");
const net = require("net");

const FILE = "users.json";
const tokens = new Map();
const users = fs.existsSync(FILE) ? JSON.parse(fs.readFileSync(FILE, "utf8")) : {};
const hash = (password, salt) => crypto.scryptSync(password, salt, 32, { N: 1024 }).toString("hex");

const HELP =
  "Commands:\nREGISTER <login> <password>\nLOGIN <login> <password>\nTOKEN <token>\n";

const server = net.createServer((socket) => {
  let name = "";
  let waiting = "";
  socket.on("error", () => {});
  socket.setEncoding("utf8");
  socket.write(HELP);
  const command = (word, first, second) => {
    if (word === "REGISTER" && first && second && !Object.hasOwn(users, first)) {
      const salt = crypto.randomBytes(8).toString("hex");
      users[first] = { salt, hash: hash(second, salt) };
      fs.writeFileSync(FILE, JSON.stringify(users));
      return "OK, registered";
    }
    if (word === "LOGIN" && second && Object.hasOwn(users, first)) {
      if (hash(second, users[first].salt) === users[first].hash) {
        const token = crypto.randomBytes(24).toString("base64url");
        tokens.set(token, first);
        name = first;
        return `OK, token ${token}`;
      }
    }
    if (word === "TOKEN" && tokens.has(first)) {
      name = tokens.get(first);
      return "OK";
    }
    return "ERROR";
  };
  socket.on("data", (data) => {
    const lines = (waiting + data).split("\n");
    waiting = lines.pop();
    for (const line of lines) {
      socket.write((name ? `${name} said ${line}` : command(...line.trim().split(" "))) + "\n");
    }
  });
});
server.listen(9090, () => console.log("Listening on port 9090"));
