// An echo server or a chat with Bun: bun bun.js ADDRESS:PORT [shared] [chat]
const [address, ...options] = process.argv.slice(2);
const [hostname, port] = address.split(":");
const chat = options.includes("chat");
const context = options.includes("shared") ? "shared" : "dedicated";
const server = Bun.serve({
    hostname,
    port: Number(port),
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("", { status: 400 })),
    websocket: {
        perMessageDeflate: { compress: context, decompress: context },
        open: (socket) => chat && socket.subscribe("room"),
        message: chat
            ? (socket, message) => server.publish("room", message)
            : (socket, message) => socket.send(message, true),
    },
});
console.log(`listening on ws://${hostname}:${server.port}/`);
