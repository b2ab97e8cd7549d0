"""A server of hypercorn for the client of examples/http3, over HTTP/3.

    python http3_server.py DIRECTORY

It writes its certificate into the directory, prints its port, and ends when its standard input does. What it does depends
on the path.
"""

import asyncio
import contextlib
import pathlib
import socket
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config

import certificate


async def app(scope, receive, send):
    if scope["type"] != "websocket":
        return
    await receive()  # websocket.connect
    match scope["path"]:
        case "/deny":
            return await send({"type": "websocket.close"})
        case "/refuse":
            headers = [(b"content-type", b"text/plain"), (b"x-reason", b"it is late")]
            await send({"type": "websocket.http.response.start", "status": 403, "headers": headers})
            return await send({"type": "websocket.http.response.body", "body": b"not today\n"})
        case "/close":
            await send({"type": "websocket.accept"})
            return await send({"type": "websocket.close", "code": 4001, "reason": "enough"})
    offered = scope["subprotocols"]
    await send({"type": "websocket.accept", "subprotocol": "chat" if "chat" in offered else None})
    while (event := await receive())["type"] == "websocket.receive":
        kind = "text" if event.get("text") is not None else "bytes"
        await send({"type": "websocket.send", kind: event[kind]})


async def main(directory):
    certificate.write(directory)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    config = Config()
    config.certfile, config.keyfile = str(directory / "certificate.pem"), str(directory / "key.pem")
    # It wants TCP as well.
    config.bind, config.quic_bind = ["127.0.0.1:0"], [f"fd://{udp.fileno()}"]
    config.loglevel, config.graceful_timeout, config.shutdown_timeout = "ERROR", 0.1, 0.1
    print(udp.getsockname()[1], flush=True)
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    with contextlib.suppress(asyncio.CancelledError):
        await serve(app, config, shutdown_trigger=lambda: stop)


if __name__ == "__main__":
    asyncio.run(main(pathlib.Path(sys.argv[1])))
