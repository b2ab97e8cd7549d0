// A server of `ws` that behaves like the example `demo`: `node ticking.mjs`. It prints its port, ticks, and echoes.

import { WebSocketServer } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1", port: 0, perMessageDeflate: { threshold: 0 },
  handleProtocols: offered => offered.has("demo.sansocket") ? "demo.sansocket" : false,
}, () => console.log(server.address().port));
server.on("connection", socket => {
  let ticks = 0;
  const timer = setInterval(() => socket.send(`tick ${++ticks}`), 100);
  socket.on("close", () => clearInterval(timer));
  socket.on("error", error => console.error(error.message));
  socket.on("message", (data, binary) => socket.send(data, { binary }));
});
process.stdin.on("end", () => process.exit()).resume();
