"""A server of `websockets` for the clients in `tests/interop.rs`.

It prints its port, and ends when its standard input does. What it does depends on the path.
"""

import asyncio
import contextlib
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError

from harness import PATIENCE


def refuse(connection, request):
    if request.path == "/refuse":
        response = connection.respond(403, "not today\n")
        response.headers = Headers(
            [*response.headers.raw_items(), ("X-Reason", "it is late"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        )
        return response


async def handle(ws):
    uri = urlsplit(ws.request.path)
    match uri.path:
        case "/echo":
            with contextlib.suppress(ConnectionClosedError):  # the close codes that mean a failure
                async for message in ws:
                    await ws.send(message)
        case "/fragments":
            await ws.send(["Grü", "", "ße"])
            await ws.send([b"\xe4\xb8", b"\x96", b"\xe7", b"\x95\x8c"], text=True)
            await ws.send([bytes([i % 256]) * i for i in range(1000)])
        case "/pings":
            for payload in (b"", b"ping", b"x" * 125):
                await asyncio.wait_for(await ws.ping(payload), PATIENCE)

            async def parts():
                yield "all"
                await asyncio.wait_for(await ws.ping(b"between fragments"), PATIENCE)
                yield " answered"

            await ws.send(parts())
        case "/close":
            [code], [reason] = (parse_qs(uri.query, keep_blank_values=True)[name] for name in ("code", "reason"))
            await ws.close(int(code), reason)
            received = ws.protocol.close_rcvd
            assert (received.code, received.reason) == (int(code), reason), received
        case "/headers":
            await ws.send("\n".join(f"{name}: {value}" for name, value in ws.request.headers.raw_items()))


async def main():
    options = {"compression": "deflate", "max_size": None, "ping_interval": None, "process_request": refuse}
    async with serve(handle, "127.0.0.1", 0, subprotocols=["chat"], select_subprotocol=select, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def select(_, offered):
    return "chat" if "chat" in offered else None


if __name__ == "__main__":
    asyncio.run(main())
