// Sends texts and bytes to a server that returns them, and compares.
//
//     cargo run --example demo --features deflate                    # in the root of the repository
//     cargo run -- scripts/echo.js ws://127.0.0.1:9002/

const [url = "ws://127.0.0.1:9002/"] = args;
const messages = ["echo Hello", "echo Grüße, 世界 🌍", `echo ${"again and ".repeat(10_000)}`, new Uint8Array(70_000).fill(7)];

const open = url => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => resolve(socket);
  socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
});

// The server also sends ticks, which this script is not interested in.
const next = socket => new Promise(resolve => {
  socket.onmessage = ({ data }) => String(data).startsWith("tick") || resolve(data);
});

const socket = await open(url);
console.log(`connected, extensions: ${socket.extensions || "none"}`);
for (const message of messages) {
  const answer = next(socket);
  socket.send(message);
  const returned = await answer;
  const same = typeof message === "string" ? returned === message : String(new Uint8Array(returned)) === String(message);
  console.log(`${message.length} ${typeof message === "string" ? "characters" : "bytes"}: ${same ? "the same" : "DIFFERENT"}`);
}
socket.onclose = ({ code }) => console.log(`closed with ${code}`);
socket.close();
