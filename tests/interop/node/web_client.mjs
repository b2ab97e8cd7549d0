// Clients with the `WebSocket` object of browsers: `node web_client.mjs undici|websocket|ws|global URI MODE`, or `bun`, or
// `deno run --allow-net`. What is offered is for the runtime to decide.

import { run } from "./web_series.mjs";

const [name, uri, mode] = (globalThis.Deno?.args ?? process.argv.slice(2));

async function constructor() {
  if (name === "global") return globalThis.WebSocket;
  if (name === "websocket") return (await import("websocket")).default.w3cwebsocket;
  const library = await import(name);
  // `ws` alone lets its user choose.
  return name === "ws" ? class extends library.WebSocket {
    constructor(...arguments_) { super(...arguments_, { perMessageDeflate: mode !== "none" }); }
  } : library.WebSocket;
}

await run(await constructor(), uri, line => console.log(line));
(globalThis.Deno?.exit ?? process.exit)(0);
