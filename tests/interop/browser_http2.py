"""A real browser over HTTP/2: `browser_http2.py H2-SERVER-EXECUTABLE` of examples/runtimes.

Chromium opens the page over HTTP/2 with TLS, and its WebSockets on streams of the same connection: an extended CONNECT
(RFC 8441). That it was one is what the server has read, and prints.
"""

import asyncio
import os
import shutil
import sys

from browser import FLAGS
from harness import CASES, case, main, run_cases, running
from playwright.async_api import async_playwright

# Only the cases below.
CASES.clear()

# In the page: opens a socket, sends, and returns what came back and how it ended.
CONVERSE = """async ([path, length, close]) => {
    const socket = new WebSocket(`wss://${location.host}${path}`), seen = {};
    socket.binaryType = "arraybuffer";
    const closed = new Promise(done => { socket.onclose = ({ code, wasClean }) => {
        Object.assign(seen, { code, wasClean }); done(); }; });
    socket.onopen = () => {
        Object.assign(seen, { extensions: socket.extensions });
        socket.send("é☃𝄞x".repeat(length)); socket.send(new Uint8Array(length).map((_, i) => (i * i) >> 4));
    };
    const got = [];
    socket.onmessage = ({ data }) => {
        got.push(data);
        if (got.length < 2) return;
        seen.text = got[0] === "é☃𝄞x".repeat(length);
        const bytes = new Uint8Array(got[1]);
        seen.binary = bytes.length === length && bytes.every((byte, i) => byte === ((i * i) >> 4 & 255));
        socket.close(...close);
    };
    await closed;
    return seen;
}"""


class Page:
    def __init__(self, page, server):
        self.page = page
        self.server = server

    async def converse(self, path, length=1000, close=(1000,)):
        return await self.page.evaluate(CONVERSE, [path, length, list(close)])

    async def expect_connect(self, path):
        line = await self.server.line()
        assert f" CONNECT https://" in line and line.endswith(f"{path} as websocket"), line


@case
async def the_page_and_its_socket_share_a_connection(page):
    await page.expect_connect("/ws")
    await page.page.wait_for_function("() => document.getElementById('said').textContent === 'hello'")
    protocol = await page.page.evaluate("() => performance.getEntriesByType('navigation')[0].nextHopProtocol")
    assert protocol == "h2", protocol


@case
async def messages_of_all_sizes_are_echoed_and_closing_is_clean(page):
    for length in (0, 1, 1000, 200_000):
        seen = await page.converse("/ws", length)
        await page.expect_connect("/ws")
        assert seen.pop("extensions").startswith("permessage-deflate"), seen
        assert seen == {"text": True, "binary": True, "code": 1000, "wasClean": True}, (length, seen)


@case
async def codes_of_the_page_come_back(page):
    for close, code in (((), 1005), ((3456, "reason"), 3456)):
        seen = await page.converse("/ws?query", 10, close)
        await page.expect_connect("/ws?query")
        assert (seen["code"], seen["wasClean"]) == (code, True), seen


@case
async def many_sockets_at_a_time(page):
    seen = await asyncio.gather(*(page.converse("/ws", 5000) for _ in range(20)))
    for one in seen:
        await page.expect_connect("/ws")
        assert (one["text"], one["binary"], one["code"]) == (True, True, 1000), one


@case
async def what_is_not_there_fails(page):
    seen = await page.converse("/none")
    assert seen == {"code": 1006, "wasClean": False}, seen


async def run(program):
    chromium = os.environ.get("SANSOCKET_CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is missing; install it, or name it in SANSOCKET_CHROMIUM"
    async with running(program, "127.0.0.1:0") as server, async_playwright() as playwright:
        address = (await server.line()).removeprefix("listening on wss://").removesuffix("/ws")
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        print(f"Chromium {browser.version}, over HTTP/2")
        # The certificate of the server is its own.
        context = await browser.new_context(ignore_https_errors=True)
        page = await context.new_page()
        await page.goto(f"https://{address}/")
        failed = await run_cases(Page(page, server))
        await browser.close()
    return failed


if __name__ == "__main__":
    main(run(*sys.argv[1:]))
