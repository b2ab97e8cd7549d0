"""Servers of `websockets`, and bare sockets, against the example `client`.

    python servers.py target/debug/examples/client
"""

import asyncio
import base64
import contextlib
import hashlib
import signal
import socket
import sys

from websockets.asyncio.server import serve

import harness
from harness import PATIENCE, case, run_cases, running

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@contextlib.asynccontextmanager
async def serving(handler, **options):
    """A server on a free port. Gives its URI; the handler must have ended, and well, when the block does."""
    handled = asyncio.get_running_loop().create_future()

    async def handle(ws):
        try:
            await handler(ws)
            handled.set_result(None)
        except BaseException as error:
            handled.set_exception(error)
            raise

    options = {"ping_interval": None, "close_timeout": PATIENCE, "open_timeout": PATIENCE, **options}
    async with serve(handle, "127.0.0.1", 0, compression=None, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        if "process_request" not in options:
            await asyncio.wait_for(handled, PATIENCE)


@contextlib.asynccontextmanager
async def serving_bytes(respond):
    """A bare server for one client: `respond(key, reader, writer)` is called with the key of its request."""
    handled = asyncio.get_running_loop().create_future()

    async def handle(reader, writer):
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            [key] = [
                line.split(b": ")[1] for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key: ")
            ]
            await respond(key, reader, writer)
            handled.set_result(None)
        except BaseException as error:
            handled.set_exception(error)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await asyncio.wait_for(handled, PATIENCE)


def switching(key, *headers):
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    return b"\r\n".join([*lines, b"Sec-WebSocket-Accept: " + accept, *headers, b"", b""])


def unmask(bytes_):
    """The payload of one short masked frame."""
    assert bytes_[1] & 0x80 and bytes_[1] & 0x7F == len(bytes_) - 6, bytes_
    return bytes(byte ^ bytes_[2 + i % 4] for i, byte in enumerate(bytes_[6:]))


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def until_closed(ws):
    async for _ in ws:
        pass


@case
async def lines_are_echoed(client):
    lines = ["one", "", "Grüße, 世界 🌍", *("x" * size for size in (125, 126, 127, 65_535, 65_536))]
    async with serving(echo) as uri, running(client, uri) as program:
        for line in lines:
            await program.type(line + "\n")
            assert await program.line() == line
        program.end_input()
        status, errors = await program.exit()
        assert status == 0, errors
        assert "connected, no subprotocol\n" in errors, errors
        assert 'closed with 1000 "", clean: true\n' in errors, errors


@case
async def the_end_of_the_input_closes_with_1000(client):
    closes = []

    async def handler(ws):
        await until_closed(ws)
        closes.append((ws.close_code, ws.close_reason, ws.protocol.close_rcvd_then_sent))

    async with serving(handler) as uri, running(client, uri) as program:
        program.end_input()
        status, errors = await program.exit()
        assert status == 0, errors
    assert closes == [(1000, "", True)], closes


@case
async def an_interrupt_closes_with_1000(client):
    closes = []

    async def handler(ws):
        await echo(ws)
        closes.append(ws.close_code)

    async with serving(handler) as uri, running(client, uri) as program:
        # The program sends lines only after it has begun to watch for the signal.
        await program.type("ready\n")
        assert await program.line() == "ready"
        program.process.send_signal(signal.SIGINT)
        status, errors = await program.exit()
        assert status == 0, errors
    assert closes == [1000], closes


@case
async def what_was_typed_before_the_end_arrives(client):
    received = []

    async def handler(ws):
        async for message in ws:
            received.append(message)

    async with serving(handler) as uri, running(client, uri) as program:
        await program.type("".join(f"{i}\n" for i in range(1000)))
        program.end_input()
        status, errors = await program.exit()
        assert status == 0, errors
    assert received == [str(i) for i in range(1000)], len(received)


@case
async def binary_is_shown(client):
    async def handler(ws):
        for size in (0, 5, 65_536, 5 << 20):
            await ws.send(b"\0" * size)

    async with serving(handler) as uri, running(client, uri) as program:
        for size in (0, 5, 65_536, 5 << 20):
            assert await program.line() == f"({size} bytes of binary data)"
        status, errors = await program.exit()
        assert status == 0, errors


@case
async def pings_are_answered(client):
    async def handler(ws):
        for payload in (b"", b"ping", b"x" * 125):
            await asyncio.wait_for(await ws.ping(payload), PATIENCE)

        async def parts():
            yield "be"
            await asyncio.wait_for(await ws.ping(b"between fragments"), PATIENCE)
            yield "tween"

        await ws.send(parts())

    async with serving(handler) as uri, running(client, uri) as program:
        assert await program.line() == "between"
        status, errors = await program.exit()
        assert status == 0, errors


@case
async def fragments_are_put_together(client):
    async def handler(ws):
        await ws.send(["Grü", "", "ße"])
        # Cut within a character.
        await ws.send([b"\xe4\xb8", b"\x96", b"\xe7", b"\x95\x8c"], text=True)
        await ws.send([bytes(i) for i in range(100)])

    async with serving(handler) as uri, running(client, uri) as program:
        assert await program.line() == "Grüße"
        assert await program.line() == "世界"
        assert await program.line() == "(4950 bytes of binary data)"
        status, errors = await program.exit()
        assert status == 0, errors


@case
async def the_server_closes(client):
    for code, reason in [(1000, ""), (1001, "Grüße"), (1011, "x" * 123), (4001, "bye")]:
        async def handler(ws, code=code, reason=reason):
            await ws.send("last words")
            await ws.close(code, reason)
            assert ws.protocol.close_rcvd.code == code, ws.protocol.close_rcvd

        async with serving(handler) as uri, running(client, uri) as program:
            assert await program.line() == "last words"
            status, errors = await program.exit()
            assert status == 0, errors
            assert f'closed with {code} "{reason}", clean: true\n' in errors, errors


@case
async def a_close_without_a_code_is_1005(client):
    async def respond(key, reader, writer):
        writer.write(switching(key) + b"\x88\x00")
        assert unmask(await asyncio.wait_for(reader.readexactly(6), PATIENCE)) == b""

    async with serving_bytes(respond) as uri, running(client, uri) as program:
        status, errors = await program.exit()
        assert status == 0, errors
        assert 'closed with 1005 "", clean: true\n' in errors, errors


@case
async def a_subprotocol_is_negotiated(client):
    async with serving(echo, subprotocols=["chat"]) as uri:
        async with running(client, uri, "superchat", "chat") as program:
            program.end_input()
            status, errors = await program.exit()
            assert status == 0, errors
            assert "connected, chat\n" in errors, errors


@case
async def a_refusal_is_told_with_its_status(client):
    def refuse(connection, _):
        return connection.respond(403, "not today\n")

    async with serving(echo, process_request=refuse) as uri, running(client, uri) as program:
        status, errors = await program.exit()
        assert status == 1, errors
        assert "status 403" in errors, errors


async def fails(client, respond, message):
    """The client ends with status 1 and a message, and nothing else."""
    async with serving_bytes(respond) as uri, running(client, uri) as program:
        status, errors = await program.exit()
        assert status == 1, (status, errors)
        assert errors.splitlines()[-1].endswith(message), errors
        assert "panicked" not in errors, errors


@case
async def a_wrong_accept_key_is_refused(client):
    async def respond(key, reader, writer):
        writer.write(switching(key + b"!"))
        await asyncio.wait_for(reader.read(), PATIENCE)

    await fails(client, respond, "`Sec-WebSocket-Accept` does not match the key of the request")


@case
async def a_subprotocol_that_was_not_asked_for_is_refused(client):
    async def respond(key, reader, writer):
        writer.write(switching(key, b"Sec-WebSocket-Protocol: chat"))
        await asyncio.wait_for(reader.read(), PATIENCE)

    await fails(client, respond, "the `Sec-WebSocket-Protocol` of the response is not one of the offered subprotocols")


@case
async def a_server_may_end_the_connection_within_the_handshake(client):
    for part in (b"", b"HTTP/1.1 101 Swit", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"):
        async def respond(key, reader, writer, part=part):
            writer.write(part)

        await fails(client, respond, "connection closed before the handshake was complete")


@case
async def a_server_may_vanish(client):
    async def respond(key, reader, writer):
        writer.write(switching(key))
        await writer.drain()
        # The lines that are sent meanwhile are lost.
        await asyncio.sleep(0.2)

    await fails(client, respond, "connection closed without a closing handshake")

    async def reset(key, reader, writer):
        await respond(key, reader, writer)
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )
        writer.transport.abort()

    await fails(client, reset, "Connection reset by peer (os error 104)")


@case
async def a_server_that_breaks_the_protocol_is_told(client):
    faults = {
        b"\x81\x82\0\0\0\0hi": (1002, "masked frame from a server"),
        b"\xc1\x02hi": (1002, "reserved bit set, but no negotiated extension uses it (for RSV1: compression was not negotiated, or is not allowed in this frame)"),
        b"\x81\x01\xff": (1007, "text message is not valid UTF-8"),
        b"\x88\x02\x03\xee": (1002, "invalid close code 1006"),
    }
    for fault, (code, message) in faults.items():
        for glued in (False, True):
            async def respond(key, reader, writer, fault=fault, code=code, glued=glued):
                writer.write(switching(key))
                if not glued:
                    await writer.drain()
                    await asyncio.sleep(0.2)
                writer.write(fault + b"\x81\x05after")
                # The Close is all that the client sends, and it waits for the server to end the connection.
                told = await asyncio.wait_for(reader.readexactly(8), PATIENCE)
                assert unmask(told) == code.to_bytes(2, "big"), told
                writer.write_eof()
                assert await asyncio.wait_for(reader.read(), PATIENCE) == b""

            await fails(client, respond, message)


@case
async def nobody_listens(client):
    with socket.socket() as listener:
        # Bound, so that nobody else gets the port, and not listening.
        listener.bind(("127.0.0.1", 0))
        async with running(client, f"ws://127.0.0.1:{listener.getsockname()[1]}/") as program:
            status, errors = await program.exit()
            assert status == 1 and "Connection refused" in errors, (status, errors)


@case
async def what_is_typed_wrongly_is_explained(client):
    for arguments, expected, message in [
        ([], 2, "usage: client ws://HOST"),
        (["http://127.0.0.1/"], 1, ""),
        (["wss://127.0.0.1/"], 1, "only ws:// works"),
        (["ws://127.0.0.1:1/", "no token"], 1, ""),
    ]:
        async with running(client, *arguments) as program:
            status, errors = await program.exit()
            assert status == expected, (arguments, status, errors)
            assert message in errors and "panicked" not in errors, errors


if __name__ == "__main__":
    harness.main(run_cases(sys.argv[1]))
