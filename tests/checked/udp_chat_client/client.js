// A client in Node; it joins with the name that it asks for.
const socket = require('dgram').createSocket('udp4');
const reader = require('readline').createInterface({ input: process.stdin, output: process.stdout });
const [host, port] = process.argv.slice(2);

socket.on('message', (data) => console.log(data.toString()));
reader.question('Имя: ', (name) => {
  socket.send(`/join ${name}`, Number(port), host);
  reader.on('line', (line) => {
    if (line === 'exit') process.exit(0);
    socket.send(line, Number(port), host);
  });
});
