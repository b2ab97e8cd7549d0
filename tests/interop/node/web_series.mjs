// The series for the `WebSocket` object of browsers: a line for each case. It runs in a page too.

const PATIENCE = 20_000;

const soon = promise => Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error("it takes too long")), PATIENCE))]);
const happens = (socket, what) => soon(new Promise((done, fail) => {
  socket[`on${what}`] = done;
  if (what !== "close") socket.onclose = event => fail(new Error(`closed with ${event.code} ${event.reason}`));
  socket.onerror = event => fail(new Error(`error ${event.message ?? ""}`));
}));
const bytes = data => data instanceof ArrayBuffer ? new Uint8Array(data) : data;
const check = (is, expected) => { if (String(is) !== String(expected)) throw new Error(`${String(is).slice(0, 40)} instead of ${String(expected).slice(0, 40)}`); };

async function echo(socket, message) {
  const answer = happens(socket, "message");
  socket.send(message);
  check(bytes((await answer).data), bytes(message));
}

const CASES = {
  handshake: async (socket, print) => print(`agreed ${socket.extensions ?? ""}`),
  text: socket => echo(socket, "Grüße"),
  repeated: async socket => { for (let i = 0; i < 3; i++) await echo(socket, "the same again, ".repeat(1000)); },
  "80KB": socket => echo(socket, Uint8Array.from({ length: 80_000 }, (_, i) => Math.imul(i, 2654435761) >>> 16).buffer),
  empty: async socket => { await echo(socket, ""); await echo(socket, "after an empty message"); },
  close: async () => {},
};

export async function run(WebSocket, uri, print) {
  for (const [name, body] of Object.entries(CASES)) {
    try {
      const socket = new WebSocket(uri, ["chat"]);
      socket.binaryType = "arraybuffer";
      await happens(socket, "open");
      check(socket.protocol, "chat");
      await body(socket, print);
      const closed = happens(socket, "close");
      socket.close(1000, "done");
      const event = await closed;
      check([event.code, event.reason, event.wasClean], [1000, "done", true]);
      print(`ok ${name}`);
    } catch (error) {
      print(`FAILED ${name}: ${error.message}`);
    }
  }
}
