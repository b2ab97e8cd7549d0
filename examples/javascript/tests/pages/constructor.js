// U1 to U15, P1 to P5, the interface, and what is true before any task has run.

const url = (text, ...rest) => {
  const socket = new WebSocket(text, ...rest);
  const serialized = socket.url;
  socket.close();
  return serialized;
};
const host = server.replace("ws://", "");

check(url(`ws://${host}`), `ws://${host}/`);
check(url(`http://${host}/x`), `ws://${host}/x`);
check(url("ws://127.0.0.1:80/x"), "ws://127.0.0.1/x");
check(url("wss://127.0.0.1:443/x"), "wss://127.0.0.1/x");
check(url(`WS://${host}/a b?åäö`), `ws://${host}/a%20b?%C3%A5%C3%A4%C3%B6`);
check(url(`ws:${host}/e`), `ws://${host}/e`);
check(url(`ws://u:p@${host}/`), `ws://u:p@${host}/`);
check(url("/test"), `ws://${host}/test`); // the base is http://HOST/d/
check(url("?q"), `ws://${host}/d/?q`);
check(url({ toString: () => `ws://${host}/object` }), `ws://${host}/object`);

for (const text of ["ftp://h/", "mailto:a@b", "about:blank", "ws://h/#", "ws://h/#t", "#t", "ws://foo bar.com/", "ws://h:65536/"]) {
  check(thrown(() => new WebSocket(text)), "SyntaxError");
}
const protocols = ["", [""], "ec ho", "/echo", "\u0080echo", ["echo", "echo"], "a\u0000b", "a\tb"];
for (const protocol of protocols) check(thrown(() => new WebSocket(server, protocol)), "SyntaxError");
check(url(server, ["echo", "eCho"]), `${server}/`);
check(url(server, new Set(["a", "b"])), `${server}/`);
check(url(server, [], "an extra argument"), `${server}/`);

check(thrown(() => new WebSocket()), "TypeError of the language");
check(thrown(() => WebSocket(server)), "TypeError of the language");
for (const args of [[Symbol("a")], [server, Symbol("a")], [server, [Symbol("a")]]]) {
  check(thrown(() => new WebSocket(...args)), "TypeError of the language");
}
check([WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED], [0, 1, 2, 3]);

const socket = new WebSocket(`${server}/101/hold`);
check([socket.CLOSED, socket.readyState, socket.protocol, socket.extensions, socket.bufferedAmount], [3, 0, "", "", 0]);
check([socket.binaryType, socket.onopen], ["blob", null]);
check(socket instanceof EventTarget, true);
check(thrown(() => socket.send("a")), "InvalidStateError");
check(thrown(() => socket.send("\ud800")), "InvalidStateError");
check(thrown(() => socket.send({ toString() { throw new Error("converted"); } })), "InvalidStateError");
check(thrown(() => socket.send()), "TypeError of the language");
check(thrown(() => { socket.readyState = 3; }), "TypeError of the language");
for (const type of ["x", "", "ArrayBuffer", null]) socket.binaryType = type;
check(socket.binaryType, "blob");
socket.close();

// A blocked port.
const blocked = new WebSocket("ws://127.0.0.1:21/");
check(blocked.readyState, 0);
const events = [];
blocked.onerror = () => events.push("error");
await new Promise(resolve => { blocked.onclose = event => resolve(events.push(`close ${event.code}`)); });
check(events, ["error", "close 1006"]);
