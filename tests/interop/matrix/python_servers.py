"""Servers in Python that echo: `python python_servers.py NAME` prints the port, and ends with its standard input."""

import asyncio
import os
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))


async def websockets(listener):
    from websockets.asyncio.server import serve

    async def echo(ws):
        async for message in ws:
            await ws.send(message)

    await serve(echo, sock=listener, subprotocols=["chat"], max_size=None)


async def aiohttp(listener):
    from aiohttp import WSMsgType, web

    async def echo(request):
        ws = web.WebSocketResponse(protocols=["chat"], max_msg_size=0)
        await ws.prepare(request)
        async for message in ws:
            if message.type == WSMsgType.TEXT:
                await ws.send_str(message.data)
            elif message.type == WSMsgType.BINARY:
                await ws.send_bytes(message.data)
        return ws

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, listener).start()


async def tornado(listener):
    from tornado.httpserver import HTTPServer
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler

    class Echo(WebSocketHandler):
        def select_subprotocol(self, offered):
            return "chat" if "chat" in offered else None

        def get_compression_options(self):
            return {}

        def on_message(self, message):
            self.write_message(message, binary=isinstance(message, bytes))

    HTTPServer(Application([("/", Echo)])).add_socket(listener)


async def autobahn(listener):
    from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

    class Echo(WebSocketServerProtocol):
        def onConnect(self, request):
            return "chat" if "chat" in request.protocols else None

        def onMessage(self, payload, is_binary):
            self.sendMessage(payload, is_binary)

    def accept(offers):
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                return PerMessageDeflateOfferAccept(offer)

    factory = WebSocketServerFactory(protocols=["chat"])
    factory.protocol = Echo
    factory.setProtocolOptions(perMessageCompressionAccept=accept)
    await asyncio.get_running_loop().create_server(factory, sock=listener)


async def hypercorn(listener):
    from http3_server import app
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind, config.loglevel = [f"fd://{os.dup(listener.fileno())}"], "ERROR"
    asyncio.create_task(serve(app, config, shutdown_trigger=asyncio.Event().wait))


async def uvicorn(listener, protocol="websockets-sansio"):
    import uvicorn
    from http3_server import app

    config = uvicorn.Config(app, ws=protocol, ws_max_size=1 << 30, log_level="error", lifespan="off")
    asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener]))


async def uvicorn_wsproto(listener):
    await uvicorn(listener, "wsproto")


async def main(name):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    await globals()[name](listener)
    print(listener.getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # some would wait for their clients


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1].replace("-", "_")))
