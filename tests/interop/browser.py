"""A real browser against the demo example: `browser.py DEMO-EXECUTABLE DIRECTORY-FOR-SCREENSHOTS`.

Chromium opens the page of `examples/demo.rs`, with permessage-deflate and without, and a library for driving browsers
looks at what the page shows and at what its WebSocket objects say (WHATWG WebSockets).
"""

import contextlib
import os
import pathlib
import shutil
import sys

from harness import PATIENCE, case, main, run_cases, running
from playwright.async_api import async_playwright

# Chromium in a machine without a display, a sandbox of its own, or a network.
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()

# In the page: connects, runs the body with `socket`, and returns what the events said.
CONVERSE = """async ([url, protocols, body]) => {
    const socket = new WebSocket(url, protocols), seen = { messages: [] };
    socket.binaryType = "arraybuffer";
    const opened = new Promise(done => { socket.onopen = () => { seen.opened = true; done(); }; socket.onerror = done; });
    const closed = new Promise(done => { socket.onclose = ({ code, reason, wasClean }) => {
        Object.assign(seen, { code, reason, wasClean, state: socket.readyState }); done(); }; });
    const waiting = [];
    socket.onmessage = ({ data }) => {
        if (typeof data === "string" && data.startsWith("tick")) return;
        const waits = waiting.shift(); waits ? waits(data) : seen.messages.push(data);
    };
    const next = () => new Promise(done => waiting.push(done));
    if (!body.startsWith("/* at once */")) await opened;
    Object.assign(seen, { protocol: socket.protocol, extensions: socket.extensions });
    await eval(`(async () => { ${body} })()`);
    await closed;
    return seen;
}"""

CLOSERS = [
    # what is clicked, and what the browser says of the end: code, reason, wasClean
    ("[data-close^='1000']", "1000", "done", "true"),
    ("[data-close^='3001']", "3001", "from the page", "true"),
    ("[data-send^='close 1001']", "1001", "going away", "true"),
    ("[data-send^='close 4321']", "4321", "as you wish", "true"),
    ("[data-send='close none']", "1005", "–", "true"),
    ("[data-send='drop']", "1006", "–", "false"),
    ("[data-send='break']", "1006", "–", "false"),
]


class Demo:
    """The demo in a browser, with compression or without."""

    def __init__(self, context, address, deflate, screenshots):
        self.context = context
        self.address = address
        self.query = "" if deflate else "?deflate=off"
        self.extensions = "permessage-deflate" if deflate else ""
        self.screenshots = screenshots

    @contextlib.asynccontextmanager
    async def page(self):
        """The page of the demo, connected. It must not have thrown an error at the end."""
        page = await self.context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            await page.goto(f"http://{self.address}/{self.query}")
            await page.wait_for_selector("#state.open")
            yield page
            assert not errors, errors
        finally:
            await page.close()

    async def converse(self, body, path="/ws", protocols=("demo.sansocket",)):
        url = f"ws://{self.address}{path}{self.query}"
        async with self.page() as page:
            return await page.evaluate(CONVERSE, [url, list(protocols), body])


async def text(page, name):
    return await page.text_content(f"#{name}")


@case
async def the_page_shows_what_was_negotiated(demo):
    async with demo.page() as page:
        assert await text(page, "protocol") == "demo.sansocket"
        extensions = await text(page, "extensions")
        assert extensions.startswith("permessage-deflate") if demo.extensions else extensions == "none", extensions


@case
async def what_is_said_comes_back(demo):
    async with demo.page() as page:
        for said in ["hello", "Grüße, 世界 ☃", "x" * 20000]:
            await page.fill("#say", said)
            await page.press("#say", "Enter")
            await page.wait_for_function("said => document.querySelector('#log li')?.firstChild.data === said", arg=said)


@case
async def the_seconds_of_the_server_tick(demo):
    async with demo.page() as page:
        await page.wait_for_function("+document.querySelector('#ticks').textContent >= 2")


@case
async def the_meter_measures_and_the_plot_moves(demo):
    async with demo.page() as page:
        # Every frame is reported to whoever drives the browser, which takes longer than to send it: not for long.
        await page.evaluate("() => { setTimeout(() => $('flood').click(), 600); }")
        await page.click("#flood")
        await page.wait_for_function("!flooding && rates.some(rate => rate > 0)")
        colors = await page.evaluate("""() => new Set(new Uint32Array(
            $("plot").getContext("2d").getImageData(0, 0, $("plot").width, $("plot").height).data.buffer)).size""")
        assert colors > 3, f"the plot has {colors} colors"
        await page.fill("#say", "and the echo works all the same")
        await page.press("#say", "Enter")
        await page.wait_for_selector("#log li")
        name = "demo-deflate.png" if demo.extensions else "demo.png"
        await page.screenshot(path=demo.screenshots / name)


@case
async def every_way_of_closing_is_seen_as_it_is(demo):
    async with demo.page() as page:
        for clicked, code, reason, clean in CLOSERS:
            await page.click(clicked)
            await page.wait_for_selector("#state.closed")
            seen = [await text(page, name) for name in ("code", "reason", "clean")]
            assert seen == [code, reason, clean], (clicked, seen)
            await page.click("#again")
            await page.wait_for_selector("#state.open")


@case
async def text_and_binary_of_all_sizes_go_both_ways(demo):
    seen = await demo.converse("""
        for (const length of [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]) {
            const bytes = new Uint8Array(length).map((_, i) => (i * i) >> 4);
            for (const sent of [bytes, bytes.buffer, new Blob([bytes])]) {
                const echo = next(); socket.send(sent);
                const got = new Uint8Array(await echo);
                if (got.length !== length || got.some((byte, i) => byte !== bytes[i])) throw `binary of ${length}`;
            }
            const echo = next(), said = "é☃𝄞x".repeat(length / 5); socket.send("echo " + said);
            if (await echo !== "echo " + said) throw `text of ${length}`;
        }
        socket.binaryType = "blob";
        const echo = next(); socket.send(new Uint8Array([1, 2, 3]));
        const blob = await echo;
        if (!(blob instanceof Blob) || blob.size !== 3) throw "a blob";
        while (socket.bufferedAmount) await new Promise(done => setTimeout(done, 10));
        socket.close(1000, "that was all");""")
    assert seen["opened"] and seen["messages"] == [], seen
    assert (seen["code"], seen["reason"], seen["wasClean"], seen["state"]) == (1000, "that was all", True, 3), seen


@case
async def the_object_has_the_protocol_and_the_extensions(demo):
    seen = await demo.converse("socket.close(1000)", protocols=["other", "demo.sansocket"])
    assert seen["protocol"] == "demo.sansocket", seen
    assert seen["extensions"].split(";")[0] == demo.extensions, seen
    seen = await demo.converse("socket.close(1000)", protocols=[])
    assert seen["protocol"] == "" and seen["opened"], seen
    # A browser takes no connection without one of the subprotocols that it asked for.
    seen = await demo.converse("", protocols=["other"])
    assert (seen.get("opened"), seen["code"], seen["wasClean"]) == (None, 1006, False), seen


@case
async def closing_without_a_code_is_1005_and_clean(demo):
    seen = await demo.converse("socket.close()")
    assert (seen["code"], seen["reason"], seen["wasClean"]) == (1005, "", True), seen


@case
async def closing_before_it_is_open_is_1006(demo):
    seen = await demo.converse("/* at once */ socket.close(1000)")
    assert (seen.get("opened"), seen["code"], seen["wasClean"]) == (None, 1006, False), seen


@case
async def a_reason_of_123_bytes_arrives_whole(demo):
    reason = "ü" * 61 + "!"
    seen = await demo.converse(f"socket.send('close 4999 {reason}')")
    assert (seen["code"], seen["reason"], seen["wasClean"]) == (4999, reason, True), seen


@case
async def data_of_another_kind_is_refused_with_1003(demo):
    seen = await demo.converse("socket.send('nobody knows this')")
    assert (seen["code"], seen["wasClean"]) == (1003, True), seen


@case
async def a_message_over_the_limit_is_refused_with_1009(demo):
    seen = await demo.converse("socket.send(new Uint8Array((4 << 20) + 1))")
    assert (seen["code"], seen["wasClean"]) == (1009, True), seen


@case
async def a_page_of_another_origin_is_kept_out(demo):
    page = await demo.context.new_page()
    await page.goto("about:blank")
    seen = await page.evaluate(CONVERSE, [f"ws://{demo.address}/ws", [], ""])
    assert (seen.get("opened"), seen["code"], seen["wasClean"]) == (None, 1006, False), seen
    await page.close()


async def run(demo_program, screenshots):
    screenshots = pathlib.Path(screenshots)
    screenshots.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("SANSOCKET_CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is missing; install it, or name it in SANSOCKET_CHROMIUM"
    failed = 0
    async with running(demo_program, "127.0.0.1:0") as program, async_playwright() as playwright:
        address = (await program.line()).removeprefix("open http://").removesuffix("/")
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        print(f"Chromium {browser.version}")
        for deflate in (True, False):
            print(f"{'with' if deflate else 'without'} permessage-deflate")
            context = await browser.new_context(viewport={"width": 1080, "height": 780})
            failed += await run_cases(Demo(context, address, deflate, screenshots))
            await context.close()
        await browser.close()
    return failed


if __name__ == "__main__":
    main(run(*sys.argv[1:]))
