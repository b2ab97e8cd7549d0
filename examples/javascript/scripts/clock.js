// A clock that ticks on a server: prints some of its ticks, then closes.
//
//     cargo run --example demo                                       # in the root of the repository
//     cargo run -- scripts/clock.js ws://127.0.0.1:9002/ 3

const [url = "ws://127.0.0.1:9002/", count = "3"] = args;
const socket = new WebSocket(url, "demo.sansocket");
let left = Number(count);

socket.onopen = () => console.log(`connected to ${socket.url}, subprotocol ${socket.protocol}`);
socket.onmessage = ({ data }) => {
  console.log(data);
  if (--left === 0) socket.close(1000, "enough");
};
socket.onerror = () => console.log("something went wrong");
socket.onclose = ({ code, wasClean }) => console.log(`closed with ${code}, ${wasClean ? "clean" : "not clean"}`);
