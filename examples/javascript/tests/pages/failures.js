// H1 to H7, P6 to P9, X3 to X5, X7: all failures look the same.

for (const path of ["/status=200", "/status=302", "/status=401", "/status=404", "/status=500", "/101=wrong", "/eof"]) {
  check((await visit(path)).log, FAILED);
}
const refused = new WebSocket("ws://127.0.0.1:1999/");
check(await new Promise(resolve => { refused.onclose = event => resolve([event.code, event.reason, event.wasClean]); }), [1006, "", false]);

for (const bytes of ["818100000000", "c10161", "8101ff", "880103", "880203ed", "83034c4f4c"]) {
  check((await visit(`/101/send=${bytes}`)).log, ["open 1", ...FAILED]);
}
check((await visit("/101/eof")).log, ["open 1", ...FAILED]);
check((await visit("/101/send=810474657374/send=83034c4f4c/hold")).log, ["open 1", "message test 1", ...FAILED]);

const protocol = async (offered, selected) => {
  const { log, socket } = await visit(`${selected ? `/protocol=${selected}` : ""}/101/send=8800/read`, {}, offered);
  return log[0] === "open 1" ? socket.protocol : log;
};
check(await protocol(["foobar", "foobar2"], "foobar"), "foobar");
check(await protocol("foobar", ""), FAILED);
check(await protocol([], "foobar"), FAILED);
check(await protocol("FOOBAR", "foobar"), FAILED);

// Nothing is known before the task runs, however long the script takes.
await visit("/protocol=a/101/send=8800/read", {
  start(socket) {
    for (const end = Date.now() + 50; Date.now() < end;);
    check([socket.readyState, socket.protocol], [0, ""]);
  },
  open(socket) { check([socket.readyState, socket.protocol], [1, "a"]); },
}, ["a"]);

// An exception in one listener does not keep the next one from its event, and handlers run in the order of their first setting.
const order = [];
const socket = new WebSocket(`${server}/101/send=8800/read`);
socket.onopen = () => order.push("replaced");
socket.addEventListener("open", { handleEvent() { order.push("listener"); } });
socket.onopen = () => order.push("handler");
socket.addEventListener("open", () => order.push("once"), { once: true });
const removed = () => order.push("removed");
socket.addEventListener("open", () => socket.removeEventListener("open", removed));
socket.addEventListener("open", removed);
await new Promise(resolve => { socket.onclose = resolve; });
check(order, ["handler", "listener", "once"]);
