// S2 to S9: `send`, and `bufferedAmount`, which does not fall while a script runs.

let echoed = [];
const { log, socket } = await visit("/101/read/read/read/read/read/read/read/answer/read/send=8800", {
  open(socket) {
    socket.binaryType = "arraybuffer";
    const amounts = [];
    const send = data => { socket.send(data); amounts.push(socket.bufferedAmount); };
    for (const text of ["x", "å", "\u5336", "\u{1047e}"]) send(text);
    send("");
    send(new Uint16Array([1, 2, 3, 4]).subarray(1, 3));
    send("a\udc00xb\ud800x");
    check(amounts, [1, 3, 6, 10, 10, 14, 24]);
    check(thrown(() => socket.send(Symbol("a"))), "TypeError of the language");
    for (const end = Date.now() + 30; Date.now() < end;); // the network could be busy meanwhile
    check(socket.bufferedAmount, 24);
  },
  message(socket, { data }) {
    echoed.push(data);
    check(socket.bufferedAmount, 0);
    socket.close();
  },
});
check(echoed, ["a\ufffdxb\ufffdx"]);
check(log, ["open 1", "message a\ufffdxb\ufffdx 1", "close 1005  true 3"]);

// After the close, `send` does nothing but count.
socket.send("test");
socket.send(new Blob(["12", new Uint8Array(3)]));
check([socket.bufferedAmount, socket.readyState], [9, 3]);

const closing = await visit("/101/read/send=8800", {
  open(socket) {
    socket.close();
    socket.send("test");
    check([socket.bufferedAmount, socket.readyState], [4, 2]);
  },
  close(socket) { check(socket.bufferedAmount, 4); },
});
check(closing.log, ["open 1", "close 1005  true 3"]);

// What a script can pass to `send`.
const kinds = [];
const values = [null, 7, { a: 1 }, new Blob(["blob"]), new Uint8Array([255]).buffer, new DataView(new ArrayBuffer(4), 1, 2)];
await visit(`/101${"/read/answer".repeat(values.length)}`, {
  open(socket) {
    socket.binaryType = "arraybuffer";
    socket.send(values[0]);
  },
  message(socket, { data }) {
    kinds.push(typeof data === "string" ? data : [...new Uint8Array(data)].join());
    if (kinds.length < values.length) socket.send(values[kinds.length]);
    else socket.close();
  },
});
check(kinds, ["null", "7", "[object Object]", "98,108,111,98", "255", "0,0"]);
