// An echo server or a chat with ws for Node.js: node ws.js ADDRESS:PORT [chat]
const { WebSocketServer } = require("ws");

const [address, ...options] = process.argv.slice(2);
const [host, port] = address.split(":");
const chat = options.includes("chat");
const server = new WebSocketServer({ host, port: Number(port), perMessageDeflate: true }, () =>
    console.log(`listening on ws://${host}:${server.address().port}/`),
);
server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (message, binary) => {
        if (chat) {
            for (const client of server.clients) client.send(message, { binary });
        } else {
            socket.send(message, { binary });
        }
    });
});
