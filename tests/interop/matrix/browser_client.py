"""Browsers as clients: `python browser_client.py chromium|firefox|webkit URI MODE`.

The browser opens a page that runs the series and posts its lines to the server of the page, which prints them.
"""

import http.server
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading

PATIENCE = 120
SERIES = pathlib.Path(__file__).parent.parent / "node/web_series.mjs"
PAGE = """<!DOCTYPE html><meta charset=utf-8><title>series</title><script type=module>
import {{ run }} from "/series.mjs";
const lines = [], uri = "{uri}";
// A WebSocket over HTTP/2 is a stream of a connection that is open already.
if (uri.startsWith("wss:")) await fetch(uri.replace("wss:", "https:"), {{ mode: "no-cors", credentials: "include" }});
await run(WebSocket, uri, line => lines.push(line));
await fetch("/lines", {{ method: "POST", body: lines.join("\\n") }});
</script>"""

# No display, no sandbox of its own, no network, and certificates that sign themselves.
CHROMIUM = """chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --ignore-certificate-errors""".split()
# A page of the browser's vendor at the first start, and whatever calls home.
FIREFOX_PREFERENCES = """
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
"""


def command(name, directory, page):
    if name == "chromium":
        return [*CHROMIUM, f"--user-data-dir={directory}", page]
    if name == "firefox":
        (pathlib.Path(directory) / "user.js").write_text(FIREFOX_PREFERENCES)
        return ["firefox-esr", "--headless", "--no-remote", "--profile", directory, page]
    return ["xvfb-run", "-a", *map(str, pathlib.Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")), "--private", page]


def serve(uri, lines):
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def answer(self, status, kind, body):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if self.path == "/":
                self.answer(200, "text/html; charset=utf-8", PAGE.format(uri=uri).encode())
            elif self.path == "/series.mjs":
                self.answer(200, "text/javascript; charset=utf-8", SERIES.read_bytes())
            else:
                self.answer(404, "text/plain", b"")

        def do_POST(self):
            lines.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.answer(204, "text/plain", b"")

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def main(name, uri, mode):
    lines = queue.Queue()
    page = serve(uri, lines)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        # They keep files in the home directory too, and refuse one that is not the user's.
        environment = {**os.environ, "HOME": directory, "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}
        browser = subprocess.Popen(command(name, directory, page), env=environment, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            print(lines.get(timeout=PATIENCE), flush=True)
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
