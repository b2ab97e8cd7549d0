// M1 to M6: the values of `message` events.

const text = await visit("/101/send=810161/send=8800/read", {
  message(socket, event) {
    check([event.origin, event.lastEventId, event.bubbles, event.cancelable], [server, "", false, false]);
    check([event instanceof MessageEvent, event.target === socket], [true, true]);
  },
});
check(text.log, ["open 1", "message a 1", "close 1005  true 3"]);

let contents;
const blob = await visit("/101/send=8202ff41/send=8800/read", {
  start(socket) { socket.binaryType = "x"; },
  message(socket, { data }) { contents = data.arrayBuffer().then(buffer => [data.size, ...new Uint8Array(buffer)]); },
});
check(blob.log[1], "message Blob 1");
check(await contents, [2, 255, 65]);

const buffer = await visit("/101/send=8201ff/send=8800/read", { open(socket) { socket.binaryType = "arraybuffer"; } });
check(buffer.log[1], "message ArrayBuffer 1");

// Messages that have arrived are lost by `close`.
const lost = await visit("/101/send=810161/send=810162/send=8800/read", { message(socket) { socket.close(); } });
check(lost.log, ["open 1", "message a 1", "close 1005  true 3"]);

// What a handler sends before the Close of the server is answered still goes out.
const answered = await visit("/101/send=810161/send=8800/read/read", { message(socket) { socket.send("b"); } });
check([answered.log.at(-1), answered.socket.bufferedAmount], ["close 1005  true 3", 0]);

check((await visit("/101/send=8103efbbbf/send=8800/read")).log[1], "message \ufeff 1");

// Promise jobs run between two events, and see the state of the first.
const states = [];
await visit("/101/send=810161/send=880203e8/read", {
  message(socket) { Promise.resolve().then(() => states.push(socket.readyState)); },
  close(socket) { Promise.resolve().then(() => states.push(socket.readyState)); },
});
check(states, [1, 3]);
