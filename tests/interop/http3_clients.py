"""Clients of aioquic, over HTTP/3, against the program `http3_server` of examples/http3.

    python http3_clients.py examples/http3/target/debug/http3_server

aioquic has no WebSocket protocol of its own: what goes over the streams is written and read by `websockets`.
"""

import asyncio
import contextlib
import os
import pathlib
import re
import sys
import tempfile

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, ErrorCode, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StopSendingReceived, StreamReset
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Opcode
from websockets.protocol import CLIENT, Protocol

import certificate
import harness
from harness import PATIENCE, case, run_cases, running

DEFLATE = "permessage-deflate; client_max_window_bits"


class Http3(QuicConnectionProtocol):
    """A client connection of HTTP/3, which gives each stream its events."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.http = H3Connection(self._quic)
        self.streams = {}

    def quic_event_received(self, event):
        if isinstance(event, (StreamReset, StopSendingReceived)) and event.stream_id in self.streams:
            self.streams[event.stream_id].put_nowait(event)
        for event in self.http.handle_event(event):
            if isinstance(event, (HeadersReceived, DataReceived)):
                self.streams[event.stream_id].put_nowait(event)

    def request(self, **changes):
        """Sends the headers of a request, some of them changed, left out (None) or added."""
        stream = self._quic.get_next_available_stream_id()
        self.streams[stream] = asyncio.Queue()
        headers = {
            ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":authority": "localhost",
            ":path": "/ws", "sec-websocket-version": "13",
            **{name.replace("__", ":").replace("_", "-"): value for name, value in changes.items()},
        }
        pairs = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
        self.http.send_headers(stream, pairs)
        self.transmit()
        return stream

    async def next(self, stream):
        return await asyncio.wait_for(self.streams[stream].get(), PATIENCE)

    async def response(self, stream):
        # A server that refuses does not read the rest of the request, and says so, in either order.
        while isinstance(event := await self.next(stream), StopSendingReceived):
            assert event.error_code == ErrorCode.H3_NO_ERROR, event
        assert isinstance(event, HeadersReceived), event
        return {name.decode(): value.decode() for name, value in event.headers}, event.stream_ended


class Socket:
    """A WebSocket on a stream."""

    def __init__(self, http, stream, headers):
        self.http, self.stream, self.headers = http, stream, headers
        self.protocol = Protocol(CLIENT, max_size=None)
        if extension := headers.get("sec-websocket-extensions"):
            window = re.search(r"client_max_window_bits=(\d+)", extension)
            local = int(window[1]) if window else 15
            takeover = "client_no_context_takeover" in extension
            self.protocol.extensions = [PerMessageDeflate(False, takeover, 15, local)]
        self.ended = False

    @classmethod
    async def open(cls, http, **changes):
        stream = http.request(**changes)
        headers, ended = await http.response(stream)
        assert (headers[":status"], ended) == ("200", False), headers
        return cls(http, stream, headers)

    def flush(self, pieces=None):
        data = b"".join(self.protocol.data_to_send())
        for begin in range(0, len(data), pieces or len(data) or 1):
            self.http.http.send_data(self.stream, data[begin:begin + (pieces or len(data))], False)
        self.http.transmit()

    async def frame(self):
        """The next frame, or None at the end of the stream."""
        while True:
            if events := self.protocol.events_received():
                [event, *rest] = events
                self.protocol.events[:0] = rest
                return event
            if self.ended:
                return None
            event = await self.http.next(self.stream)
            assert isinstance(event, DataReceived), event
            self.protocol.receive_data(event.data)
            self.ended = event.stream_ended

    async def echo(self, send, opcode, data):
        send()
        self.flush()
        frame = await self.frame()
        assert (frame.opcode, bytes(frame.data)) == (opcode, data), (frame.opcode, len(frame.data))

    async def text(self, text):
        data = text.encode()
        await self.echo(lambda: self.protocol.send_text(data), Opcode.TEXT, data)

    async def fragments_around_a_ping(self, parts):
        self.protocol.send_text(parts[0], fin=False)
        self.protocol.send_ping(b"between")
        for i, part in enumerate(parts[1:], 2):
            self.protocol.send_continuation(part, fin=i == len(parts))
        self.flush()
        pong, message = await self.frame(), await self.frame()
        assert (pong.opcode, bytes(pong.data)) == (Opcode.PONG, b"between"), pong
        assert (message.opcode, bytes(message.data)) == (Opcode.TEXT, b"".join(parts)), message

    async def close(self, code=1000, reason="bye"):
        self.protocol.send_close(code, reason)
        self.flush()
        frame = await self.frame()
        assert (frame.opcode, bytes(frame.data)) == (Opcode.CLOSE, code.to_bytes(2, "big") + reason.encode()), frame
        # The server ends the stream, and the HTTP/3 connection goes on.
        assert await self.frame() is None
        self.http.http.send_data(self.stream, b"", True)
        self.http.transmit()


class Server:
    def __init__(self, port, certificates, program):
        self.port, self.certificates, self.program = port, certificates, program

    @contextlib.asynccontextmanager
    async def connect(self, **windows):
        configuration = QuicConfiguration(
            alpn_protocols=H3_ALPN, server_name="localhost", cafile=str(self.certificates / "certificate.pem"), **windows
        )
        async with connect("127.0.0.1", self.port, configuration=configuration, create_protocol=Http3) as http:
            yield http

    async def ended(self, code):
        """The server prints how a WebSocket ended."""
        while not (line := await self.program.line()).startswith("stream"):
            pass
        assert f"closed with {code}" in line, line


@case
async def the_settings_allow_extended_connect(server):
    async with server.connect() as http:
        socket = await Socket.open(http)
        # ENABLE_CONNECT_PROTOCOL (RFC 9220, section 3).
        assert http.http.received_settings[8] == 1, http.http.received_settings
        await socket.close()
        await server.ended(1000)


@case
async def the_series_without_compression(server):
    async with server.connect() as http:
        socket = await Socket.open(http, sec_websocket_protocol="chat, superchat")
        assert socket.headers.get("sec-websocket-protocol") == "chat", socket.headers
        assert "sec-websocket-extensions" not in socket.headers, socket.headers
        await socket.text("Grüße")
        await socket.text("")
        await socket.fragments_around_a_ping(["Grü".encode(), b"", "ße".encode()])
        data = os.urandom(80_000)
        await socket.echo(lambda: socket.protocol.send_binary(data), Opcode.BINARY, data)
        await socket.close(4999, "Grüße")
        await server.ended("4999")


@case
async def the_series_with_compression(server):
    async with server.connect() as http:
        socket = await Socket.open(http, sec_websocket_extensions=DEFLATE)
        assert socket.headers["sec-websocket-extensions"].startswith("permessage-deflate"), socket.headers
        for _ in range(2):
            await socket.text("the same again, " * 1000)
        await socket.fragments_around_a_ping([b"part one, " * 100, b"", b"part two, " * 100])
        await socket.text("after the fragments")
        data = os.urandom(40_000) * 2
        await socket.echo(lambda: socket.protocol.send_binary(data), Opcode.BINARY, data)
        await socket.text("")
        await socket.close()
        await server.ended(1000)


@case
async def a_frame_may_be_split_over_data_frames_of_one_byte(server):
    async with server.connect() as http:
        socket = await Socket.open(http)
        socket.protocol.send_text(b"slowly")
        socket.flush(pieces=1)
        assert bytes((await socket.frame()).data) == b"slowly"
        await socket.close()
        await server.ended(1000)


@case
async def small_windows_hold_both_directions_up_and_lose_nothing(server):
    async with server.connect(max_stream_data=3000, max_data=6000) as http:
        enough = os.urandom(300_000)
        sockets = [await Socket.open(http) for _ in range(3)]
        for socket in sockets:
            socket.protocol.send_binary(enough)
            socket.flush()
        for socket in sockets:
            assert bytes((await socket.frame()).data) == enough
        for socket in sockets:
            await socket.close()
            await server.ended(1000)


@case
async def many_sockets_share_a_connection(server):
    async with server.connect() as http:
        sockets = [await Socket.open(http) for _ in range(50)]
        await asyncio.gather(*(socket.text(f"I am {i}") for i, socket in enumerate(sockets)))
        for socket in sockets:
            await socket.close()
            await server.ended(1000)


@case
async def refusals_are_statuses(server):
    async with server.connect() as http:
        for changes, status, header in [
            ({"__path": "/none"}, "404", None),
            ({"origin": "https://evil.example"}, "403", None),
            ({"__protocol": "connect-udp"}, "501", None),
            ({"sec_websocket_version": "8"}, "400", ("sec-websocket-version", "13")),
            ({"__method": "GET", "__protocol": None}, "405", None),
        ]:
            headers, ended = await http.response(stream := http.request(**changes))
            assert headers[":status"] == status, (changes, headers)
            assert header is None or headers[header[0]] == header[1], headers
            while not ended:
                ended = getattr(await http.next(stream), "stream_ended", False)
        # The connection is still good for another one.
        socket = await Socket.open(http)
        await socket.text("welcome")
        await socket.close()
        await server.ended(1000)


@case
async def a_violation_is_answered_with_its_code_and_the_end_of_the_stream(server):
    async with server.connect() as http:
        socket = await Socket.open(http)
        http.http.send_data(socket.stream, b"\x81\x02hi", False)  # without a mask
        http.transmit()
        frame = await socket.frame()
        assert bytes(frame.data) == (1002).to_bytes(2, "big"), frame
        assert await socket.frame() is None
        http.http.send_data(socket.stream, b"", True)
        http.transmit()
        # The client itself has sent no Close, so there is no code of its.
        await server.ended(1006)


@case
async def a_reset_ends_one_socket_alone(server):
    async with server.connect() as http:
        left, other = await Socket.open(http), await Socket.open(http)
        http._quic.reset_stream(left.stream, ErrorCode.H3_REQUEST_CANCELLED)
        http.transmit()
        await server.ended("1006")
        await other.text("still there")
        await other.close()
        await server.ended(1000)


@case
async def a_client_may_stop_reading_alone(server):
    async with server.connect() as http:
        left, other = await Socket.open(http), await Socket.open(http)
        http._quic.stop_stream(left.stream, ErrorCode.H3_REQUEST_CANCELLED)
        left.protocol.send_text(b"nobody reads the echo")
        left.flush()
        await server.ended("1006")
        await other.text("still there")
        await other.close()
        await server.ended(1000)


@case
async def a_stream_that_ends_without_a_close_is_ended_too(server):
    async with server.connect() as http:
        socket = await Socket.open(http)
        socket.protocol.send_text(b"last words")
        socket.flush()
        http.http.send_data(socket.stream, b"", True)
        http.transmit()
        assert bytes((await socket.frame()).data) == b"last words"
        assert await socket.frame() is None
        await server.ended("1006")


async def against(program):
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        certificate.write(directory)
        files = [str(directory / name) for name in ("certificate.pem", "key.pem")]
        async with running(program, "127.0.0.1:0", *files) as process:
            listening = re.fullmatch(r"listening on https://127\.0\.0\.1:(\d+)/ws", await process.line())
            failed = await run_cases(Server(int(listening[1]), directory, process))
            assert b"panicked" not in process.errors, process.errors.decode()
            return failed


if __name__ == "__main__":
    harness.main(against(sys.argv[1]))
