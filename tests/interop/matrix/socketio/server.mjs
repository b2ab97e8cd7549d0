// Socket.IO: a server that acknowledges "echo" with its argument, says what it is to say, and prints its port.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { pingInterval: 300, perMessageDeflate: { threshold: 0 }, maxHttpBufferSize: 1e6 });
server.on("connection", socket => {
  socket.on("echo", (argument, acknowledge) => acknowledge(argument));
  socket.on("say", what => server.emit("said", what));
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
