"""Clients in Python: `python python_clients.py NAME URI none|default` runs the series and prints a line for each case."""

import asyncio
import os
import sys

PATIENCE = 20


class Websockets:
    fragments = True
    async def open(self, uri, compression):
        from websockets.asyncio.client import connect

        compression = "deflate" if compression else None
        self.ws = await connect(uri, subprotocols=["chat"], compression=compression, max_size=None, proxy=None)
        self.send, self.receive, self.fragments = self.ws.send, self.ws.recv, self.ws.send
        return self.ws.subprotocol, self.ws.response.headers.get("Sec-WebSocket-Extensions", "")

    async def close(self, code, reason):
        await self.ws.close(code, reason)
        return self.ws.protocol.close_rcvd.code, self.ws.protocol.close_rcvd.reason


class Aiohttp:  # it has no fragments
    fragments = None

    async def open(self, uri, compression):
        import aiohttp

        self.session = aiohttp.ClientSession()
        self.ws = await self.session.ws_connect(
            uri, protocols=["chat"], compress=15 if compression else 0, max_msg_size=0
        )
        return self.ws.protocol, self.ws._response.headers.get("Sec-WebSocket-Extensions", "")

    async def send(self, message):
        await (self.ws.send_str if isinstance(message, str) else self.ws.send_bytes)(message)

    async def receive(self):
        return (await self.ws.receive()).data

    async def close(self, code, reason):
        await self.ws.close(code=code, message=reason.encode())
        await self.session.close()
        return self.ws.close_code, reason


class Tornado:
    fragments = None

    async def open(self, uri, compression):
        from tornado.websocket import websocket_connect

        options = {} if compression else None
        self.ws = await websocket_connect(
            uri, subprotocols=["chat"], compression_options=options, max_message_size=1 << 30
        )
        return self.ws.selected_subprotocol, self.ws.headers.get("Sec-WebSocket-Extensions", "")

    async def send(self, message):
        await self.ws.write_message(message, binary=isinstance(message, bytes))

    async def receive(self):
        return await self.ws.read_message()

    async def close(self, code, reason):
        self.ws.close(code, reason)
        assert await self.ws.read_message() is None
        return self.ws.close_code, self.ws.close_reason


class WebsocketClient:
    """It blocks, so that each call has a thread."""

    async def open(self, uri, compression):
        import websocket

        self.library = websocket
        self.ws = await asyncio.to_thread(
            websocket.create_connection, uri, timeout=PATIENCE, subprotocols=["chat"], http_no_proxy=["127.0.0.1"]
        )
        return self.ws.getsubprotocol(), ""

    async def send(self, message):
        opcode = self.library.ABNF.OPCODE_TEXT if isinstance(message, str) else self.library.ABNF.OPCODE_BINARY
        await asyncio.to_thread(self.ws.send, message, opcode)

    async def receive(self):
        return await asyncio.to_thread(self.ws.recv)

    async def fragments(self, parts):
        abnf = self.library.ABNF
        for i, part in enumerate(parts):
            opcode = abnf.OPCODE_CONT if i else abnf.OPCODE_TEXT
            frame = abnf.create_frame(part, opcode, int(i == len(parts) - 1))
            await asyncio.to_thread(self.ws.send_frame, frame)

    async def close(self, code, reason):
        await asyncio.to_thread(self.ws.send_close, code, reason.encode())
        opcode, data = await asyncio.to_thread(self.ws.recv_data, True)
        assert opcode == self.library.ABNF.OPCODE_CLOSE, opcode
        return int.from_bytes(data[:2], "big"), data[2:].decode()


class Autobahn:
    async def open(self, uri, compression):
        from urllib.parse import urlsplit

        from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
        from autobahn.websocket.compress import (
            PerMessageDeflateOffer, PerMessageDeflateResponse, PerMessageDeflateResponseAccept,
        )

        opened, self.messages, closed = asyncio.Future(), asyncio.Queue(), asyncio.Future()

        class Client(WebSocketClientProtocol):
            def onConnect(self, response):
                extensions = response.headers.get("sec-websocket-extensions", "")
                opened.set_result((response.protocol, extensions))

            def onMessage(self, payload, is_binary):
                messages.put_nowait(payload if is_binary else payload.decode())

            def onClose(self, was_clean, code, reason):
                closed.set_result((self.remoteCloseCode, self.remoteCloseReason))

        messages, self.closed = self.messages, closed
        factory = WebSocketClientFactory(uri, protocols=["chat"])
        factory.protocol = Client
        if compression:
            factory.setProtocolOptions(
                perMessageCompressionOffers=[PerMessageDeflateOffer()],
                perMessageCompressionAccept=lambda response: PerMessageDeflateResponseAccept(response)
                if isinstance(response, PerMessageDeflateResponse) else None,
            )
        port = urlsplit(uri).port
        _, self.ws = await asyncio.get_running_loop().create_connection(factory, "127.0.0.1", port)
        return await opened

    async def send(self, message):
        await self.ws.is_open
        self.ws.sendMessage(message.encode() if isinstance(message, str) else message, isinstance(message, bytes))

    async def receive(self):
        return await self.messages.get()

    async def fragments(self, parts):
        await self.ws.is_open
        self.ws.beginMessage()
        for part in parts:
            self.ws.sendMessageFrame(part.encode())
        self.ws.endMessage()

    async def close(self, code, reason):
        await self.ws.is_open
        self.ws.sendClose(code, reason)
        return await self.closed


PEERS = {
    "websockets": Websockets, "aiohttp": Aiohttp, "tornado": Tornado, "websocket-client": WebsocketClient,
    "autobahn": Autobahn,
}


async def echo(client, message):
    await client.send(message)
    answer = await client.receive()
    assert answer == message, f"the echo of {len(message)} differs: {answer!r:.40}"


async def fragments(client):
    parts = ["part one, " * 100, "", "part two, " * 100]
    await client.fragments(parts)
    assert await client.receive() == "".join(parts), "the echo of fragments differs"
    await echo(client, "part one, part two, after the fragments")


async def repeated(client):
    for _ in range(3):
        await echo(client, "the same again, " * 1000)


async def empty(client):
    await echo(client, "")
    await echo(client, "after an empty message")


async def nothing(client):
    pass


CASES = {
    "text": lambda client: echo(client, "Grüße"),
    "repeated": repeated,
    "fragments": fragments,
    "80KB": lambda client: echo(client, os.urandom(80_000)),
    "empty": empty,
    "close": nothing,
}


async def run(peer, uri, compression, case):
    client = peer()
    subprotocol, extensions = await client.open(uri, compression)
    assert subprotocol == "chat", subprotocol
    if case is None:
        print("agreed", extensions)
        case = nothing
    await case(client)
    closed = await client.close(1000, "done")
    assert closed == (1000, "done"), closed


async def main(name, uri, mode):
    peer = PEERS[name]
    for case, function in {"handshake": None, **CASES}.items():
        if case == "fragments" and peer.fragments is None:
            continue  # it cannot send them
        try:
            await asyncio.wait_for(run(peer, uri, mode != "none", function), PATIENCE)
        except Exception as error:
            print(f"FAILED {case}: {type(error).__name__} {error}".replace("\n", " "), flush=True)
        else:
            print(f"ok {case}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    os._exit(0)
