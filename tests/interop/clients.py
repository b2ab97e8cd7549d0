"""Clients of `websockets`, and bare sockets, against the example `echo_server`.

    python clients.py target/debug/examples/echo_server [deflate]

With `deflate` the server was built with that feature, and all cases run a second time with compression.
"""

import asyncio
import contextlib
import http.client
import re
import socket
import struct
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

import harness
from harness import PATIENCE, case, run_cases, running

SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 5 << 20]


class Server:
    def __init__(self, port, compression):
        self.port = port
        self.compression = compression
        self.uri = f"ws://127.0.0.1:{port}/"

    def connect(self, path="", **options):
        # Nobody is to answer slowly because of a proxy, or to be cut off because the machine is busy.
        options = {
            "proxy": None, "max_size": None, "open_timeout": PATIENCE, "close_timeout": PATIENCE,
            "ping_interval": None, "compression": self.compression, **options,
        }
        return connect(self.uri + path, **options)

    @contextlib.asynccontextmanager
    async def raw(self, *, opened=True):
        """A bare connection, after the opening handshake or before."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            if opened:
                writer.write(self.request())
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
                assert head.startswith(b"HTTP/1.1 101 "), head
            yield reader, writer
        finally:
            writer.close()

    def request(self):
        return (
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        ).encode()


def frame(first, payload, key=b"\x37\xfa\x21\x3d"):
    """A short masked frame; the first byte is given."""
    assert len(payload) < 126
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    return bytes([first, 0x80 | len(payload)]) + key + masked


async def rest(reader):
    """All that comes until the server ends the connection."""
    return await asyncio.wait_for(reader.read(), PATIENCE)


def close_frame(code):
    return b"\x88\x02" + struct.pack(">H", code)


@case
async def text_of_every_length_form(server):
    async with server.connect() as ws:
        for size in SIZES:
            for text in ("x" * size, ("Grüße, 世界 🌍 " * (size // 20 + 1))[: size // 3]):
                await ws.send(text)
                assert await ws.recv() == text, f"text of {size} bytes"


@case
async def binary_of_every_length_form(server):
    async with server.connect() as ws:
        for size in SIZES:
            data = bytes(i * 7 & 0xFF for i in range(251)) * (size // 251 + 1)
            await ws.send(data[:size])
            assert await ws.recv() == data[:size], f"{size} bytes"


@case
async def fragments(server):
    async with server.connect() as ws:
        await ws.send(["Grü", "", "ße", ""])
        assert await ws.recv() == "Grüße"
        # Cut within a character.
        await ws.send([b"Gr\xc3", b"\xbc\xc3", b"\x9fe"], text=True)
        assert await ws.recv() == "Grüße"
        await ws.send([bytes([i % 256]) * i for i in range(1000)])
        assert await ws.recv() == b"".join(bytes([i % 256]) * i for i in range(1000))


@case
async def pings(server):
    async with server.connect() as ws:
        for payload in (b"", b"ping", b"x" * 125):
            await asyncio.wait_for(await ws.ping(payload), PATIENCE)

        async def parts():
            yield "be"
            await asyncio.wait_for(await ws.ping(b"between fragments"), PATIENCE)
            yield "tween"

        await ws.send(parts())
        assert await ws.recv() == "between"


@case
async def the_close_comes_back_with_code_and_reason(server):
    for code, reason in [(1000, ""), (1001, "Grüße"), (3000, "x" * 123), (4999, "bye")]:
        async with server.connect() as ws:
            await ws.send("last words")
            await ws.close(code, reason)
            received = ws.protocol.close_rcvd
            assert (received.code, received.reason) == (code, reason), received


@case
async def a_subprotocol_is_negotiated(server):
    async with server.connect(subprotocols=["superchat", "chat"]) as ws:
        assert ws.subprotocol == "superchat", ws.subprotocol
    async with server.connect() as ws:
        assert ws.subprotocol is None


@case
async def compression_is_agreed_on_if_it_is_offered(server):
    async with server.connect() as ws:
        agreed = ws.response.headers.get("Sec-WebSocket-Extensions", "")
        assert agreed.startswith("permessage-deflate") == (server.compression == "deflate"), agreed
        for message in ["short", "long " * 10_000, "long " * 10_000, b"\0" * 100_000]:
            await ws.send(message)
            assert await ws.recv() == message


@case
async def an_extension_that_is_unknown_is_not_accepted(server):
    headers = {"Sec-WebSocket-Extensions": "x-unknown; a=1"}
    async with server.connect(compression=None, additional_headers=headers) as ws:
        assert "Sec-WebSocket-Extensions" not in ws.response.headers
        await ws.send("plain")
        assert await ws.recv() == "plain"


@case
async def every_choice_of_windows_and_takeover_is_understood(server):
    if server.compression is None:
        return  # there is nothing to choose
    for server_bits in (None, 9, 10, 15):
        for client_bits in (True, 9, 12):
            for takeover in (True, False):
                offer = ClientPerMessageDeflateFactory(
                    server_no_context_takeover=not takeover, client_no_context_takeover=not takeover,
                    server_max_window_bits=server_bits, client_max_window_bits=client_bits,
                )
                async with server.connect(compression=None, extensions=[offer]) as ws:
                    assert "permessage-deflate" in ws.response.headers["Sec-WebSocket-Extensions"]
                    for i in range(8):
                        message = "".join(f"{i * j * j % 977} " for j in range(i * 700))
                        await ws.send([message[:999], message[999:]] if i % 2 else message)
                        assert await ws.recv() == message


@case
async def another_path_is_refused(server):
    try:
        async with server.connect("elsewhere"):
            raise AssertionError("it was accepted")
    except InvalidStatus as refusal:
        assert refusal.response.status_code == 404
        assert refusal.response.headers["Content-Type"] == "text/plain"
        assert refusal.response.body == b"only / is served here\n"


@case
async def plain_http_is_told_to_upgrade(server):
    def ask(method):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, "/")
            response = connection.getresponse()
            response.read()
            return response

    response = await asyncio.to_thread(ask, "GET")
    assert response.status == 426
    assert response.headers["Upgrade"] == "websocket"
    assert response.headers["Sec-WebSocket-Version"] == "13"
    response = await asyncio.to_thread(ask, "DELETE")
    assert (response.status, response.headers["Allow"]) == (405, "GET")


@case
async def what_is_not_http_is_refused(server):
    async with server.raw(opened=False) as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert (await rest(reader)).startswith(b"HTTP/1.1 400 ")


@case
async def frames_may_follow_the_request_at_once(server):
    async with server.raw(opened=False) as (reader, writer):
        writer.write(server.request() + frame(0x81, b"early") + frame(0x88, b"\x03\xe8"))
        answer = await rest(reader)
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert answer.endswith(b"\r\n\r\n\x81\x05early" + close_frame(1000)), answer


@case
async def bytes_may_come_one_by_one(server):
    async with server.raw(opened=False) as (reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in server.request() + frame(0x81, b"slow") + frame(0x88, b""):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.001)
        assert (await rest(reader)).endswith(b"\r\n\r\n\x81\x04slow\x88\x00")


@case
async def a_client_that_breaks_the_protocol_is_told(server):
    faults = {
        "an unmasked frame": (b"\x81\x02hi", 1002),
        "garbage": (b"\xff" * 40, 1002),
        "a reserved opcode": (frame(0x83, b"hi"), 1002),
        "a fragmented ping": (frame(0x09, b"hi"), 1002),
        "a continuation of nothing": (frame(0x80, b"hi"), 1002),
        "a length in too long a form": (b"\x82\xfe\x00\x05", 1002),
        "a length of 2^63": (b"\x82\xff\x80" + b"\0" * 7, 1002),
        "a close code that must not be sent": (frame(0x88, b"\x03\xed"), 1002),
        "text that is not UTF-8": (frame(0x81, b"caf\xe9"), 1007),
        "a fragment that is not UTF-8": (frame(0x01, b"ok") + frame(0x00, b"\xff"), 1007),
        "a reason that is not UTF-8": (frame(0x88, b"\x03\xe8\xff"), 1007),
        "a frame over the limit": (b"\x82\xff" + struct.pack(">Q", 1 << 32), 1009),
    }
    for name, (fault, code) in faults.items():
        async with server.raw() as (reader, writer):
            # What came before the fault is answered, what comes after it is not.
            writer.write(frame(0x81, b"before") + fault + frame(0x81, b"after"))
            answer = await rest(reader)
            assert answer == b"\x81\x06before" + close_frame(code), f"{name}: {answer}"


@case
async def clients_that_vanish_do_not_disturb_others(server):
    async with server.connect() as bystander:
        for opened, last_words in [
            (False, b""),
            (False, b"GET / HTTP/1.1\r\nHost: 127.0"),
            (True, b""),
            (True, b"\x81\xfe"),
            (True, frame(0x01, b"half a message")),
            (True, frame(0x81, b"an echo that nobody waits for")),
        ]:
            for reset in (False, True):
                async with server.raw(opened=opened) as (_, writer):
                    writer.write(last_words)
                    await writer.drain()
                    if reset:
                        linger = struct.pack("ii", 1, 0)
                        connection = writer.get_extra_info("socket")
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                        writer.transport.abort()
            await bystander.send("still there?")
            assert await bystander.recv() == "still there?"
    async with server.connect() as newcomer:
        await newcomer.send("hello")
        assert await newcomer.recv() == "hello"


@case
async def many_clients_at_once(server):
    async def converse(number):
        async with server.connect() as ws:
            for i in range(50):
                message = f"{number}: {i} " + "x" * (i * 97)
                await ws.send(message)
                assert await ws.recv() == message

    await asyncio.gather(*(converse(number) for number in range(25)))


@case
async def a_client_may_send_faster_than_it_reads(server):
    async with server.connect() as ws:
        async def send():
            for i in range(200):
                await ws.send(bytes([i]) * 10_000)

        sending = asyncio.create_task(send())
        for i in range(200):
            assert await ws.recv() == bytes([i]) * 10_000
        await sending


@case
async def after_the_close_nothing_is_echoed(server):
    async with server.raw() as (reader, writer):
        writer.write(frame(0x88, b"\x03\xe8bye") + frame(0x81, b"too late"))
        assert await rest(reader) == b"\x88\x05\x03\xe8bye"


async def against(echo_server, compresses):
    async with running(echo_server, "127.0.0.1:0") as program:
        # The rest of what it prints is read too, or the pipe would fill up.
        listening = re.fullmatch(r"listening on ws://127\.0\.0\.1:(\d+)/", await program.line())
        reading = asyncio.create_task(program.process.stdout.read())
        failed = 0
        for compression in [None, "deflate"] if compresses else [None]:
            print(f"compression: {compression}")
            failed += await run_cases(Server(int(listening[1]), compression))
        assert program.process.returncode is None, "the server has ended"
        assert b"panicked" not in program.errors, program.errors.decode()
        program.process.kill()
        await reading
        return failed


if __name__ == "__main__":
    harness.main(against(sys.argv[1], sys.argv[2:] == ["deflate"]))
