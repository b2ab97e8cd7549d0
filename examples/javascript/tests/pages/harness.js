// What all pages use. `args[0]` is the URL of a server whose path says what it does: see tests/server/mod.rs.

const [server] = args;

const check = (actual, expected) => {
  const [is, should] = [actual, expected].map(value => JSON.stringify(value));
  if (is !== should) throw new Error(`${is} instead of ${should}`);
};

// The exception that `f` throws.
const thrown = f => {
  try {
    f();
  } catch (error) {
    return error instanceof DOMException ? error.name : `${error.constructor.name} of the language`;
  }
  return "nothing";
};

const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

// Opens a socket, and resolves once it is closed with its events, the state in each, and the socket. `on` has what the page
// does in its handlers.
const visit = (path, on = {}, protocols = []) => new Promise(resolve => {
  const socket = new WebSocket(server + path, protocols);
  const log = [];
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, event => {
      const { data, code, reason, wasClean } = event;
      const details = { open: [], message: [typeof data === "string" ? data : data?.constructor.name], error: [], close: [code, reason, wasClean] }[type];
      log.push([type, ...details, socket.readyState].join(" "));
      on[type]?.(socket, event);
      // Later, so that a second event would be seen.
      if (type === "close") wait(30).then(() => resolve({ log, socket }));
    });
  }
  on.start?.(socket);
});

const FAILED = ["error 3", "close 1006  false 3"];
