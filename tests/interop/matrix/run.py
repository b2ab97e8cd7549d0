"""The matrix: every peer of `peers.py`, in every mode, with the series.

    python tests/interop/matrix/run.py quick                what .ci/run runs: about a dozen peers
    python tests/interop/matrix/run.py all                  all of them
    python tests/interop/matrix/run.py all nginx gorilla    those with these names

It installs what the chosen peers need (apt-get, pip for this Python, npm), compiles them, and expects the examples in
target/debug/examples, or in the directory in SANSOCKET_EXAMPLES. It ends with a table in Markdown, and fails if a case fails
that is not a known fault of its peer, if a known fault does not show any more, or if a peer does not start.
"""

import asyncio
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import certificate  # noqa: E402
from harness import PATIENCE, running  # noqa: E402
from peers import EXAMPLES, MODES, PEERS  # noqa: E402

# Peers that are built or run at a time. Most of the time is spent in waiting for those that have a fault.
AT_ONCE = 4


def install(peers):
    command = [sys.executable, "-m", "pip", "install", "-q", "-r", str(HERE / "requirements.txt")]
    subprocess.run(command, check=True)
    for folder in sorted({peer.npm for peer in peers if peer.npm}):
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", str(folder)]
        subprocess.run(npm, check=True)
    packages = sorted({package for peer in peers for package in peer.apt})
    states = [subprocess.run(["dpkg", "-s", package], capture_output=True) for package in packages]
    missing = [package for package, state in zip(packages, states) if state.returncode]
    if missing:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        # Debian starts what it installs, and these servers are not to run.
        environment = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)
    pathlib.Path("target/matrix").mkdir(parents=True, exist_ok=True)
    builds = {tuple(peer.build) for peer in peers if peer.build}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda build: subprocess.run(build, check=True), builds))


@contextlib.asynccontextmanager
async def backend(command=None):
    """Our server. Its output is read, or the pipe would fill up."""
    async with running(*(command or [str(EXAMPLES / "echo_server"), "127.0.0.1:0"])) as program:
        line = await program.line()
        reading = asyncio.create_task(program.process.stdout.read())
        try:
            yield int(line.rstrip("/").rpartition(":")[2])
        finally:
            program.process.kill()
            await program.process.wait()
            await reading


def configure(peer, directory, port, behind):
    certificate.write(directory)
    both = [(directory / name).read_text() for name in ("certificate.pem", "key.pem")]
    (directory / "both.pem").write_text("".join(both))
    for file in directory.iterdir():
        file.chmod(0o644)
    scheme, tls = "https" if peer.tls else "http", peer.tls.format(directory=directory)
    text = peer.configuration.format(directory=directory, port=port, backend=behind, scheme=scheme, tls=tls)
    (directory / "configuration").write_text(text)
    return str(directory / "configuration")


@contextlib.asynccontextmanager
async def proxy(peer, directory, behind):
    """A proxy that knows where our server is. Gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with running(*peer.command, configure(peer, directory, port, behind)) as program:
        for _ in range(PATIENCE * 10):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            assert program.process.returncode is None, program.errors.decode()
            await asyncio.sleep(0.1)
        try:
            yield port
        finally:
            # Its workers would outlive a kill.
            program.process.terminate()
            await asyncio.wait_for(program.process.wait(), PATIENCE)


async def copy(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def under_tls(port, authority):
    """Our client's bytes go over TLS to a port. Gives the port that takes them."""
    context = ssl.create_default_context(cafile=authority)
    context.set_alpn_protocols(["http/1.1"])

    async def bridge(reader, writer):
        near = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        await asyncio.gather(copy(reader, near[1]), copy(near[0], writer))

    async with await asyncio.start_server(bridge, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@contextlib.asynccontextmanager
async def between(peer):
    """Our server with a proxy in front, or one that tunnels. Gives the arguments of the client."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        # Workers of a proxy that was started as root run as somebody else.
        directory.chmod(0o777)
        async with backend() as behind, proxy(peer, directory, behind) as port:
            if peer.role == "tunnel":
                yield [f"ws://127.0.0.1:{behind}/"], [f"127.0.0.1:{port}"]
            elif peer.client:
                yield [f"wss://127.0.0.1:{port}/"], []
            elif peer.tls:
                async with under_tls(port, directory / "certificate.pem") as port:
                    yield [f"ws://127.0.0.1:{port}/"], []
            else:
                yield [f"ws://127.0.0.1:{port}/"], []


@contextlib.asynccontextmanager
async def serving(peer):
    """What the client connects to. Gives its arguments, those before the mode and those after it."""
    if peer.role == "server":
        async with running(*peer.command) as program:
            yield [f"ws://127.0.0.1:{int(await program.line())}/"], []
    elif peer.role == "client":
        async with backend(peer.server) as port:
            yield [f"ws://127.0.0.1:{port}/"], []
    else:
        async with between(peer) as arguments:
            yield arguments


async def series(peer, before, mode, after):
    """Runs the series in a mode. Gives the result of each case, None if it passed, and what was agreed on."""
    command = peer.command if peer.role == "client" else peer.client or [str(EXAMPLES / "interop_series")]
    results, agreed = {}, ""
    async with running(*command, *before, mode, *after) as program:
        output = await asyncio.wait_for(program.process.stdout.read(), 10 * PATIENCE)
        status, errors = await program.exit()
    for line in output.decode().splitlines():
        kind, _, rest = line.partition(" ")
        name, _, reason = rest.partition(": ")
        if kind == "agreed":
            agreed = rest
        elif kind in ("ok", "FAILED"):
            results[name] = reason if kind == "FAILED" else None
    assert results and status == 0, f"status {status}: {errors}"
    return results, agreed


async def check(peer):
    """Runs a peer in all its modes. Gives the cells of its row, and what is wrong with it."""
    cells, wrong, seen = collections.defaultdict(lambda: "–"), [], set()
    async with serving(peer) as (before, after):
        for mode in peer.modes:
            results, agreed = await series(peer, before, mode, after)
            failed = {name: reason for name, reason in results.items() if reason is not None}
            for name, reason in failed.items():
                known = {(mode, name), ("*", name), (mode, "*"), ("*", "*")} & peer.faults.keys()
                seen |= known
                if not known:
                    wrong.append(f"{mode}, {name}: {reason}")
            cells[mode] = f"{len(results) - len(failed)}/{len(results)}"
            if mode != "none" and not agreed.startswith("permessage-deflate"):
                cells[mode] += " plain"
    wrong += [f"{mode}, {name}: the known fault does not show" for mode, name in peer.faults.keys() - seen]
    return cells, wrong


async def main(chosen, names):
    peers = [peer for peer in PEERS if (chosen == "all" or peer.quick) and (not names or peer.name in names)]
    assert peers, "there is no such peer"
    install(peers)
    rows, failed, places = [], 0, asyncio.Semaphore(AT_ONCE)

    async def checked(peer):
        async with places:
            try:
                cells, wrong = await check(peer)
            except Exception as error:
                cells, wrong = collections.defaultdict(lambda: "–"), [f"{type(error).__name__}: {error}"]
        print("FAILED " if wrong else "ok     ", peer.role, peer.name, *(f"{mode} {cells[mode]}" for mode in peer.modes))
        for line in wrong:
            print("       ", line)
        sys.stdout.flush()
        return cells, wrong

    results = await asyncio.gather(*(checked(peer) for peer in peers))
    for peer, (cells, wrong) in zip(peers, results):
        failed += bool(wrong)
        faults = sorted(set(peer.faults.values()))
        rows.append(f"| {peer.name} | {peer.role} | " + " | ".join(cells[mode] for mode in MODES) + f" | {'; '.join(faults)} |")
    print("\n| peer | role | " + " | ".join(MODES) + " | its faults |\n|---|---|" + "---|" * (len(MODES) + 1))
    print("\n".join(rows))
    print(f"\n{len(peers) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(1 if asyncio.run(main(sys.argv[1], sys.argv[2:])) else 0)
