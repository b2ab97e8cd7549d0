// The objects that a script sees, on top of the functions of the engine: the conversions of Web IDL, events, blobs, timers.
// The rules of WebSockets are in `native`, which calls `sansocket::browser`.
(native => {
  "use strict";

  class Event {
    constructor(type, init = {}) {
      for (const [name, value] of Object.entries({ ...init, type, bubbles: false, cancelable: false })) {
        Object.defineProperty(this, name, { value, enumerable: true });
      }
      this.target = null;
    }
  }
  class MessageEvent extends Event {}
  class CloseEvent extends Event {}

  class EventTarget {
    #listeners = [];

    addEventListener(type, callback, options) {
      const once = Boolean(options?.once);
      if (callback && !this.#listeners.some(other => other.type === type && other.callback === callback)) {
        this.#listeners.push({ type, callback, once });
      }
    }

    removeEventListener(type, callback) {
      this.#listeners = this.#listeners.filter(other => other.type !== type || other.callback !== callback);
    }

    dispatchEvent(event) {
      event.target = this;
      for (const listener of [...this.#listeners]) {
        const { type, callback, once } = listener;
        // A listener before it can have removed it.
        if (type !== event.type || !this.#listeners.includes(listener)) continue;
        if (once) this.removeEventListener(type, callback);
        try {
          if (typeof callback === "function") callback.call(this, event);
          else callback.handleEvent(event);
        } catch (error) {
          native.report(describe(error)); // an exception of one listener does not stop the others
        }
      }
      return true;
    }
  }

  // An attribute such as `onmessage`: a listener at the place where it was set first.
  const handler = (prototype, type) => {
    const handlers = new WeakMap();
    Object.defineProperty(prototype, `on${type}`, {
      configurable: true,
      enumerable: true,
      get() { return handlers.get(this)?.callback ?? null; },
      set(callback) {
        callback = typeof callback === "function" ? callback : null;
        const entry = handlers.get(this);
        if (entry) return void (entry.callback = callback);
        const added = { callback };
        handlers.set(this, added);
        this.addEventListener(type, event => added.callback?.call(this, event));
      },
    });
  };

  const bytesOf = data => ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);

  // The bytes are in memory, so reading them needs no waiting, and messages keep their order.
  class Blob {
    #bytes;
    constructor(parts = [], { type = "" } = {}) {
      const pieces = [...parts].map(part => {
        if (part instanceof Blob) return part.#bytes;
        return part instanceof ArrayBuffer || ArrayBuffer.isView(part) ? bytesOf(part) : native.encode(scalar(part));
      });
      this.#bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
      pieces.reduce((offset, piece) => (this.#bytes.set(piece, offset), offset + piece.length), 0);
      this.type = String(type);
    }
    get size() { return this.#bytes.length; }
    async arrayBuffer() { return this.#bytes.slice().buffer; }
    async text() { return native.decode(this.#bytes); }
    static bytes(blob) { return blob.#bytes; }
  }
  const blobBytes = Blob.bytes;
  delete Blob.bytes;

  // USVString: unpaired surrogates become U+FFFD.
  const scalar = value => `${value}`.toWellFormed(); // a symbol is a TypeError

  // [Clamp] unsigned short.
  const clamp = value => {
    const number = Math.min(Math.max(Number(value), 0), 65535);
    if (Number.isNaN(number)) return 0;
    const [floor, part] = [Math.floor(number), number % 1];
    return part > 0.5 || (part === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  };

  const sockets = new Map();

  class WebSocket extends EventTarget {
    #id;

    constructor(url, protocols = []) {
      super();
      if (arguments.length === 0) throw new TypeError("1 argument required, but only 0 present");
      const isSequence = typeof protocols === "object" && protocols !== null && Symbol.iterator in protocols;
      const list = isSequence ? [...protocols] : [protocols];
      this.#id = native.open(scalar(url), list.map(scalar));
      sockets.set(this.#id, this);
    }

    get url() { return native.attribute(this.#id, "url"); }
    get readyState() { return native.readyState(this.#id); }
    get bufferedAmount() { return native.bufferedAmount(this.#id); }
    get protocol() { return native.attribute(this.#id, "protocol"); }
    get extensions() { return native.attribute(this.#id, "extensions"); }
    get binaryType() { return native.attribute(this.#id, "binaryType"); }
    set binaryType(type) { native.setBinaryType(this.#id, `${type}`); }

    send(data) {
      if (arguments.length === 0) throw new TypeError("1 argument required, but only 0 present");
      native.checkOpen(this.#id); // before the argument is converted
      if (data instanceof Blob) native.sendBinary(this.#id, blobBytes(data));
      else if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) native.sendBinary(this.#id, bytesOf(data));
      else native.sendText(this.#id, scalar(data));
    }

    close(code = undefined, reason = undefined) {
      native.close(this.#id, code === undefined ? -1 : clamp(code), reason === undefined ? "" : scalar(reason));
    }
  }
  for (const [value, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries()) {
    for (const object of [WebSocket, WebSocket.prototype]) Object.defineProperty(object, name, { value, enumerable: true });
  }
  for (const type of ["open", "message", "error", "close"]) handler(WebSocket.prototype, type);

  const timers = new Map();
  let lastTimer = 0;
  const setTimer = (callback, delay, args, repeats) => {
    const id = ++lastTimer;
    timers.set(id, { callback, args, repeats, delay: Math.max(Number(delay) || 0, repeats ? 1 : 0) });
    native.startTimer(id, timers.get(id).delay);
    return id;
  };
  const clearTimer = id => void (timers.delete(id) && native.stopTimer(id));

  const describe = value => {
    if (value instanceof Error || value instanceof DOMException) {
      return `${value.name}: ${value.message}${value.stack ? `\n${value.stack.trimEnd()}` : ""}`;
    }
    return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  };
  const print = (...values) => native.print(values.map(describe).join(" "));

  Object.assign(globalThis, {
    Event, MessageEvent, CloseEvent, EventTarget, Blob, WebSocket,
    args: native.args,
    console: { log: print, info: print, warn: print, error: print },
    setTimeout: (callback, delay, ...args) => setTimer(callback, delay, args, false),
    setInterval: (callback, delay, ...args) => setTimer(callback, delay, args, true),
    clearTimeout: clearTimer,
    clearInterval: clearTimer,
  });

  // What the event loop calls.
  return {
    describe,
    message(id, data, origin, isBlob) {
      const init = { data: isBlob ? new Blob([data]) : data, origin, lastEventId: "" };
      sockets.get(id).dispatchEvent(new MessageEvent("message", init));
    },
    simple(id, type) { sockets.get(id).dispatchEvent(new Event(type)); },
    close(id, code, reason, wasClean) {
      const socket = sockets.get(id);
      sockets.delete(id); // a script can still hold it
      socket.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
    },
    timer(id) {
      const timer = timers.get(id);
      if (!timer) return;
      if (timer.repeats) native.startTimer(id, timer.delay);
      else timers.delete(id);
      timer.callback(...timer.args);
    },
  };
})
