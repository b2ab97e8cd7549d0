// C1 to C14, X1, X2, X6: `close`, and the values of `close` events.

const close = async (answer, ...args) => {
  const { log } = await visit(`/101/read/${answer}`, {
    open(socket) {
      socket.close(...args);
      check(socket.readyState, 2);
      socket.close(3999, "again");
    },
  });
  return log.slice(1);
};
check(await close("send=8800"), ["close 1005  true 3"]);
check(await close("answer", 1000, "Clean Close"), ["close 1000 Clean Close true 3"]);
check(await close("answer", 3000, "x"), ["close 3000 x true 3"]);
check(await close("answer", 4999), ["close 4999  true 3"]);
check(await close("answer", undefined, "x"), ["close 1000 x true 3"]);
check(await close("answer", 1000, "\ud807"), ["close 1000 \ufffd true 3"]);
check(await close("answer", "3001"), ["close 3001  true 3"]);
check(await close("send=880203e9", 3000), ["close 1001  true 3"]);
check(await close("send=810161/answer", 3000), ["close 3000  true 3"]);
check(await close("eof"), ["close 1006  false 3"]); // no error: the page wanted the end

const { socket } = await visit("/101/read/answer", {
  open(socket) {
    for (const code of [0, 500, 999, 1001, 1005, 2999, 5000, NaN, null, "text", 66536, -1, 999.4]) {
      check(thrown(() => socket.close(code)), "InvalidAccessError");
    }
    for (const reason of ["a".repeat(124), "é".repeat(62)]) check(thrown(() => socket.close(1000, reason)), "SyntaxError");
    check(thrown(() => socket.close(999, "a".repeat(124))), "InvalidAccessError");
    check(socket.readyState, 1);
    socket.close(1000.4, "a".repeat(123));
  },
  close(socket, event) {
    check([event.code, event.reason.length, event instanceof CloseEvent], [1000, 123, true]);
    socket.close();
  },
});
check(thrown(() => socket.close(999)), "InvalidAccessError");
socket.close(1000);
check(socket.readyState, 3);

// While connecting: an error, and no Close.
const connecting = await visit("/hold", {
  start(socket) {
    for (let i = 0; i < 3; i++) socket.close();
    check(socket.readyState, 2);
  },
});
check(connecting.log, FAILED);

// The server begins.
check((await visit("/101/send=880503e9627965/read")).log, ["open 1", "close 1001 bye true 3"]);
check((await visit("/101/send=880203e8/read", { open(socket) { socket.close(3000); } })).log, ["open 1", "close 1000  true 3"]);
check((await visit("/101/send=8800810161ff/read")).log, ["open 1", "close 1005  true 3"]);
check((await visit("/101/send=880503e8efbbbf/read")).log, ["open 1", "close 1000 \ufeff true 3"]);
