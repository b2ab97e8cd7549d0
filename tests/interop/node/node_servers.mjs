// Servers in JavaScript that echo: `node node_servers.mjs ws|websocket`, `bun node_servers.mjs bun`, `deno run --allow-net
// node_servers.mjs deno`. Each prints its port, and ends when it is killed.

const name = (globalThis.Deno?.args ?? process.argv.slice(2))[0];
const listening = port => console.log(port);

const SERVERS = {
  async ws() {
    const { WebSocketServer } = await import("ws");
    const server = new WebSocketServer({
      host: "127.0.0.1", port: 0, perMessageDeflate: { threshold: 0 },
      handleProtocols: offered => offered.has("chat") ? "chat" : false,
    }, () => listening(server.address().port));
    server.on("connection", socket => {
      socket.on("error", error => console.error(error.message));
      socket.on("message", (data, binary) => socket.send(data, { binary }));
    });
  },
  async websocket() {
    const { server: Server } = (await import("websocket")).default;
    const { createServer } = await import("node:http");
    const httpServer = createServer().listen(0, "127.0.0.1", () => listening(httpServer.address().port));
    new Server({ httpServer, maxReceivedFrameSize: 1 << 20 }).on("request", request => {
      const connection = request.accept(request.requestedProtocols.includes("chat") ? "chat" : null, request.origin);
      connection.on("message", message => message.type === "utf8" ? connection.sendUTF(message.utf8Data) : connection.sendBytes(message.binaryData));
    });
  },
  bun() {
    const server = Bun.serve({
      hostname: "127.0.0.1", port: 0,
      fetch: (request, server) => server.upgrade(request, { headers: { "Sec-WebSocket-Protocol": "chat" } }) ? undefined : new Response("no"),
      websocket: { perMessageDeflate: true, message: (socket, message) => { socket.send(message, true); } },
    });
    listening(server.port);
  },
  deno() {
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: address => listening(address.port) }, request => {
      const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "chat" });
      socket.binaryType = "arraybuffer";
      socket.onmessage = event => socket.send(event.data);
      return response;
    });
  },
};
await SERVERS[name]();
