// The client of Socket.IO: `node client.mjs URI MODE` runs the series and prints a line for each case.

import assert from "node:assert/strict";
import { once } from "node:events";
import { io } from "socket.io-client";

const [uri, mode] = process.argv.slice(2);
const PATIENCE = 20_000;
const soon = () => ({ signal: AbortSignal.timeout(PATIENCE) });

const echo = async (socket, argument) => assert.deepEqual(await socket.timeout(PATIENCE).emitWithAck("echo", argument), argument);

const CASES = {
  handshake: socket => console.log(`agreed ${socket.io.engine.transport.ws.extensions}`),
  text: socket => echo(socket, "Grüße"),
  repeated: async socket => { for (let i = 0; i < 3; i++) await echo(socket, "the same again, ".repeat(1000)); },
  event: async socket => {
    const said = new Promise(done => socket.once("said", done));
    socket.emit("say", "to all");
    assert.equal(await said, "to all");
  },
  "80KB": socket => echo(socket, Buffer.from({ length: 80_000 }, (_, i) => Math.imul(i, 2654435761) >>> 16)),
  ping: async socket => {
    for (let i = 0; i < 3; i++) await new Promise(done => socket.io.once("ping", done));
    await echo(socket, "still here");
  },
  close: () => {},
};

for (const [name, body] of Object.entries(CASES)) {
  try {
    const socket = io(uri.replace("ws:", "http:"), {
      transports: ["websocket"], reconnection: false, forceNew: true, perMessageDeflate: mode !== "none" && { threshold: 0 },
    });
    await Promise.race([
      new Promise(done => socket.once("connect", done)),
      new Promise((_, fail) => socket.once("connect_error", fail)),
    ]);
    const transport = socket.io.engine.transport.ws;
    await body(socket);
    const closed = once(transport, "close", soon());
    socket.disconnect();
    const [code] = await closed;
    assert.equal(code, 1005);
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAILED ${name}: ${error.message.replaceAll("\n", " ")}`);
  }
}
process.exit(0);
