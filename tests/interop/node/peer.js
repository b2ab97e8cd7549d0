// `ws` for Node.js against the crate.
//
//     node peer.js client ws://127.0.0.1:PORT/ [deflate]    clients of `ws` against the example `echo_server`
//     node peer.js server [deflate]                         a server of `ws`, which prints its port, for tests/interop.rs
//
// With `deflate` the other side was built with that feature.

import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";

const PATIENCE = 60_000;
const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 5 << 20];
const [role, ...words] = process.argv.slice(2);

// What `ws` is told of permessage-deflate, and what the answer to its offer has to have.
const COMPRESSION = [
  [false, ""],
  [{}, "permessage-deflate"],
  [{ serverNoContextTakeover: true }, "permessage-deflate; server_no_context_takeover"],
  [{ clientNoContextTakeover: true, serverMaxWindowBits: 10 }, "server_max_window_bits=10"],
  [{ clientMaxWindowBits: 9, serverMaxWindowBits: 9, threshold: 0 }, "client_max_window_bits=9"],
];

const text = size => "Grüße, 世界 🌍 ".repeat(size).slice(0, size / 4) + "x".repeat(size % 4);
const binary = size => Buffer.from({ length: size }, (_, i) => (i * i) >> 5);

async function next(socket) {
  const [data, isBinary] = await once(socket, "message", { signal: AbortSignal.timeout(PATIENCE) });
  return isBinary ? data : data.toString();
}

async function converse(url, perMessageDeflate, expected) {
  const socket = new WebSocket(url, ["chat"], { perMessageDeflate, maxPayload: 64 << 20 });
  let answer = "";
  socket.on("upgrade", response => { answer = response.headers["sec-websocket-extensions"] ?? ""; });
  await once(socket, "open", { signal: AbortSignal.timeout(PATIENCE) });
  assert.equal(socket.protocol, "chat");
  assert.equal(socket.extensions, expected && "permessage-deflate");
  assert.ok(answer.includes(expected), answer);
  for (const compress of [true, false]) {
    for (const size of SIZES) {
      for (const message of [text(size), binary(size)]) {
        const echo = next(socket);
        socket.send(message, { compress });
        assert.deepEqual(await echo, message);
      }
    }
    const echo = next(socket);
    for (const [i, part] of ["Grü", "", "ße ".repeat(1000), ""].entries()) socket.send(part, { compress, fin: i === 3 });
    const pong = once(socket, "pong", { signal: AbortSignal.timeout(PATIENCE) });
    socket.ping("between");
    assert.equal(await echo, "Grü" + "ße ".repeat(1000));
    assert.equal((await pong)[0].toString(), "between");
  }
  const closed = once(socket, "close", { signal: AbortSignal.timeout(PATIENCE) });
  socket.close(3001, "Grüße");
  const [code, reason] = await closed;
  assert.deepEqual([code, reason.toString()], [3001, "Grüße"]);
}

async function runClients(url, compresses) {
  for (const [options, expected] of compresses ? COMPRESSION : COMPRESSION.slice(0, 1)) {
    await converse(url, options, expected);
    console.log(`ok      perMessageDeflate: ${JSON.stringify(options)}`);
  }
  const refused = new WebSocket(url + "elsewhere");
  refused.on("error", () => {});
  const [, response] = await once(refused, "unexpected-response", { signal: AbortSignal.timeout(PATIENCE) });
  assert.equal(response.statusCode, 404);
  response.destroy();
  console.log("ok      a refusal");
}

// Echoes every message; the path says how the server is to compress.
async function runServer() {
  const servers = Object.fromEntries(COMPRESSION.map(([options], i) => ["/" + i, new WebSocketServer({
    noServer: true, perMessageDeflate: options && { threshold: 0, ...options }, maxPayload: 64 << 20,
  })]));
  const { createServer } = await import("node:http");
  const http = createServer();
  http.on("upgrade", (request, stream, head) => {
    const server = servers[request.url];
    if (!server) return stream.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    server.handleUpgrade(request, stream, head, socket => {
      socket.on("error", error => console.error(error));
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
  });
  http.listen(0, "127.0.0.1", () => console.log(http.address().port));
  process.stdin.on("end", () => process.exit()).resume();
}

if (role === "client") await runClients(words[0], words.includes("deflate"));
else await runServer();
