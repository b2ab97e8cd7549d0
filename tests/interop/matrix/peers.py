"""The peers of the matrix, one row each."""

import dataclasses
import os
import pathlib
import sys

from proxies import (
    APACHE, APACHE_HTTP2, APACHE_TLS, CADDY, CADDY_TLS, HAPROXY, HAPROXY_HTTP2, HAPROXY_TLS, NGINX, NGINX_TLS, SQUID, TINYPROXY,
)

HERE = pathlib.Path(__file__).parent
NODE = HERE.parent / "node"
# What cargo has built of ours.
EXAMPLES = pathlib.Path(os.environ.get("SANSOCKET_EXAMPLES", "target/debug/examples"))

MODES = ["none", "default", "no-takeover", "window-9", "window-10"]
# What clients offer is for their libraries to decide.
CLIENT_MODES = ["none", "default"]


@dataclasses.dataclass
class Peer:
    name: str
    # "server" (our client against it), "client" (it against our server), "proxy" (in front of our server), or "tunnel" (our
    # client asks it for one)
    role: str
    # Prints its port if it is a server; gets a URI and a mode if it is a client; gets its configuration if it is a proxy.
    command: list
    quick: bool = False
    apt: tuple = ()
    npm: pathlib.Path | None = None
    modes: list = dataclasses.field(default_factory=lambda: MODES)
    # What fails for a reason that is the peer's: (mode, case) -> reason, and "*" is any of them.
    faults: dict = dataclasses.field(default_factory=dict)
    build: list = dataclasses.field(default_factory=list)
    configuration: str = ""
    # What is added to the configuration of a proxy, so that it speaks TLS in front.
    tls: str = ""
    # The client of a proxy that does not speak HTTP/1.1 in front, or of a server whose protocol is on top of WebSockets.
    client: list | None = None
    # Our server for such a client. Prints its port.
    server: list | None = None


def python(name, role, **options):
    return Peer(name, role, [sys.executable, str(HERE / f"python_{role}s.py"), name.replace(" ", "-")], **options)


def web(name, command, argument=None, **options):
    return Peer(name, "client", [*command, str(NODE / "web_client.mjs"), argument or name], npm=NODE, modes=CLIENT_MODES, **options)


def browser(name, packages):
    """What it offers cannot be chosen."""
    command = [sys.executable, str(HERE / "browser_client.py"), name]
    return Peer(name, "client", command, apt=packages, modes=["default"])


def go(name, role, package, **options):
    binary = f"target/matrix/{name.replace('/', '')}"
    return Peer(
        name, role, [binary] if role == "server" else [binary, "client"], apt=("golang-go", package),
        modes=MODES if role == "server" else CLIENT_MODES,
        build=["env", "GO111MODULE=off", "GOPATH=/usr/share/gocode", "GOFLAGS=", "go", "build", "-o", binary,
               str(HERE / f"go/{name.replace('/', '')}.go"), str(HERE / "go/series.go")],
        **options,
    )


def java(name, role, package, jars, **options):
    """`jars` are libraries of Debian, without their folder and ending."""
    output, classes = f"target/matrix/java/{name}", ":".join(f"/usr/share/java/{jar}.jar" for jar in jars)
    sources = [str(HERE / f"java/{source}.java") for source in ("Series", f"{name}Peer")]
    return Peer(
        name, role, ["java", "-cp", f"{output}:{classes}", f"{name}Peer"], apt=("default-jdk-headless", *package),
        build=["javac", "-nowarn", "-XDsuppressNotes", "-d", output, "-cp", classes, *sources], **options,
    )


def cpp(name, role, packages, libraries=(), **options):
    """`libraries` are names that pkg-config knows."""
    binary, found = f"target/matrix/{name}", f"$(pkg-config --cflags --libs {' '.join(libraries)})" if libraries else ""
    compiler = f"g++ -std=c++17 -w -o {binary} {HERE}/cpp/{name}.cpp {found} -lz -pthread"
    return Peer(
        name, role, [binary], apt=("g++", "pkg-config", "zlib1g-dev", *packages), build=["sh", "-c", compiler], **options,
    )


def ruby(name, role, packages, **options):
    return Peer(name, role, ["ruby", str(HERE / f"ruby/{role}s.rb"), name], apt=("ruby", *packages), **options)


def erlang(name, role, call, **options):
    libraries = "$(echo /usr/lib/rabbitmq/lib/rabbitmq_server-*/plugins)"
    options_of_erl = "-noinput -pa target/matrix -env ERL_CRASH_DUMP_SECONDS 0"
    script = f"ERL_LIBS={libraries} exec erl {options_of_erl} -run matrix_peer {call}"
    arguments = "" if role == "server" else ' "$@"'
    return Peer(
        name, role, ["sh", "-c", script + arguments, "erl"], apt=("rabbitmq-server",),
        build=["erlc", "-o", "target/matrix", str(HERE / "erlang/matrix_peer.erl")], **options,
    )


def nginx(name, **options):
    return Peer(name, "proxy", ["nginx", "-e", "stderr", "-c"], apt=("nginx",), configuration=NGINX, **options)


def haproxy(name, apt=(), **options):
    return Peer(name, "proxy", ["haproxy", "-db", "-f"], apt=("haproxy", *apt), configuration=HAPROXY, **options)


def apache(name, apt=(), **options):
    return Peer(name, "proxy", ["apache2", "-D", "FOREGROUND", "-f"], apt=("apache2", *apt), configuration=APACHE, **options)


def caddy(name, **options):
    return Peer(name, "proxy", ["caddy", "run", "--adapter", "caddyfile", "--config"], apt=("caddy",), configuration=CADDY, **options)


# A browser opens WebSockets over HTTP/2 where the proxy takes them.
OVER_HTTP2 = {"client": [sys.executable, str(HERE / "browser_client.py"), "chromium"], "modes": ["default"], "apt": ("chromium",)}

BUN = HERE / "node_modules/.bin/bun"
SOCKETIO, OUR_SOCKETIO = HERE / "socketio", str(EXAMPLES / "interop_socketio")
DENO = HERE / "node_modules/.bin/deno"

LOSES_STATE = {
    (mode, "fragments-ping"): "loses the state of compression on a control frame inside a compressed message"
    for mode in MODES if mode != "none"
}


def drops(*modes):
    """It agrees to an offer and leaves out what the offer requires, so that a client has to fail (RFC 7692, section 7.1)."""
    return {(mode, "*"): "agrees to compression without the parameters that the offer requires" for mode in modes}


PROTOCOL_WEBSOCKET = ["perl", str(HERE / "perl/protocol_websocket.pl")]
BEAST, WEBSOCKETPP = ("libboost-dev",), ("libboost-dev", "libwebsocketpp-dev")
LIBSOUP = [("libsoup-3.0-dev",), ("libsoup-3.0",)]
JETTY = [("libjetty9-java", "libjetty9-extra-java"), ["servlet-api", *(f"jetty9-{part}" for part in (
    "client", "http", "io", "server", "servlet", "util", "websocket-api", "websocket-client", "websocket-common", "websocket-server",
    "websocket-servlet",
))]]
# jzlib compresses where the window is smaller.
NETTY = [("libnetty-java", "libjzlib-java"), ["jzlib", *(
    f"netty-{part}" for part in ("buffer", "codec", "codec-http", "common", "handler", "resolver", "transport")
)]]
TOMCAT = [("libtomcat10-embed-java", "libtomcat10-java"), [
    "tomcat10-annotations-api", "tomcat10-embed-core", "tomcat10-embed-websocket",
]]

PEERS = [
    python("websockets", "server", quick=True),
    python("aiohttp", "server", quick=True),
    python("tornado", "server", quick=True, faults={**LOSES_STATE, **drops("no-takeover")}),
    python("autobahn", "server", quick=True),
    python("hypercorn", "server", quick=True, faults=LOSES_STATE),
    python("uvicorn", "server", quick=True),
    python("uvicorn wsproto", "server", faults=LOSES_STATE),
    Peer("ws", "server", ["node", str(NODE / "node_servers.mjs"), "ws"], npm=NODE, quick=True),
    Peer("websocket", "server", ["node", str(NODE / "node_servers.mjs"), "websocket"], npm=NODE, quick=True),
    Peer("socket.io", "server", ["node", str(SOCKETIO / "server.mjs")], npm=SOCKETIO, client=[OUR_SOCKETIO, "client"]),
    Peer("bun", "server", [str(BUN), str(NODE / "node_servers.mjs"), "bun"], npm=HERE),
    Peer("deno", "server", [str(DENO), "run", "--allow-net", str(NODE / "node_servers.mjs"), "deno"], npm=HERE),
    go("gorilla", "server", "golang-github-gorilla-websocket-dev", faults=drops("window-9", "window-10")),
    go("nhooyr", "server", "golang-nhooyr-websocket-dev", faults={
        (mode, "*"): "refuses an offer with server_max_window_bits with status 400" for mode in ("window-9", "window-10")
    }),
    go("x/net", "server", "golang-golang-x-net-dev", faults={
        ("*", "*"): "ends TCP without an answer to a Close, and takes each fragment for a message",
    }),
    Peer("Mojolicious", "server", ["perl", str(HERE / "perl/mojolicious.pl")], apt=("libmojolicious-perl",),
         faults=drops("no-takeover", "window-9", "window-10")),
    Peer("Protocol::WebSocket", "server", PROTOCOL_WEBSOCKET, apt=("libprotocol-websocket-perl",)),
    ruby("em-websocket", "server", ("ruby-em-websocket",), faults={("*", "handshake"): "selects no subprotocol"}),
    ruby("faye", "server", ("ruby-faye-websocket", "puma")),
    ruby("websocket-driver", "server", ("ruby-websocket-driver",)),
    erlang("cowboy", "server", "serve", faults=LOSES_STATE),
    cpp("beast", "server", BEAST),
    cpp("websocketpp", "server", WEBSOCKETPP),
    cpp("libsoup", "server", *LIBSOUP),
    cpp("libwebsockets", "server", ("libwebsockets-dev",), ("libwebsockets",),
        faults=drops("window-9", "window-10")),
    java("Jetty", "server", *JETTY, faults={
        **drops("window-9", "window-10"), ("no-takeover", "fragments-ping"): LOSES_STATE["no-takeover", "fragments-ping"],
    }),
    java("Netty", "server", *NETTY, quick=True, faults={
        ("window-9", "80KB"): "drops the last bytes of random data that it compresses with a small window",
    }),
    java("Tomcat", "server", *TOMCAT),
    python("websockets", "client", modes=CLIENT_MODES),
    python("aiohttp", "client", modes=CLIENT_MODES, quick=True),
    python("tornado", "client", modes=CLIENT_MODES, quick=True),
    python("autobahn", "client", modes=CLIENT_MODES),
    python("websocket-client", "client", modes=["none"], quick=True),
    web("ws", ["node"]),
    web("undici", ["node"], quick=True),
    web("websocket", ["node"], quick=True, faults={("*", "empty"): "takes an empty text for binary data, and drops it"}),
    Peer("socket.io", "client", ["node", str(SOCKETIO / "client.mjs")], npm=SOCKETIO, server=[OUR_SOCKETIO, "server"],
         modes=CLIENT_MODES),
    web("bun", [str(BUN)], "global"),
    web("deno", [str(DENO), "run", "--allow-net"], "global"),
    go("gorilla", "client", "golang-github-gorilla-websocket-dev"),
    go("nhooyr", "client", "golang-nhooyr-websocket-dev"),
    go("x/net", "client", "golang-golang-x-net-dev"),
    Peer("Protocol::WebSocket", "client", PROTOCOL_WEBSOCKET, apt=("libprotocol-websocket-perl",), modes=["none"]),
    ruby("faye", "client", ("ruby-faye-websocket",), modes=["none"]),
    ruby("websocket-driver", "client", ("ruby-websocket-driver",), modes=["none"]),
    erlang("gun", "client", "client", modes=CLIENT_MODES, faults={("*", "close"): "ends TCP with its own Close"}),
    Peer("Mono", "client", ["mono", "target/matrix/ClientPeer.exe"], apt=("mono-runtime", "mono-mcs"), modes=["none"],
         build=["mcs", "-out:target/matrix/ClientPeer.exe", str(HERE / "mono/ClientPeer.cs")]),
    browser("chromium", ("chromium",)),
    browser("firefox", ("firefox-esr",)),
    browser("webkit", ("webkit2gtk-driver", "xvfb", "xauth")),
    cpp("beast", "client", BEAST, modes=CLIENT_MODES),
    cpp("websocketpp", "client", WEBSOCKETPP, modes=CLIENT_MODES),
    cpp("libsoup", "client", *LIBSOUP, modes=CLIENT_MODES),
    java("Jdk", "client", (), [], modes=["none"], quick=True),
    java("Jetty", "client", *JETTY, modes=CLIENT_MODES),
    java("Netty", "client", *NETTY, modes=CLIENT_MODES, faults={("default", "fragments"): "cannot compress an empty fragment"}),
    java("Tomcat", "client", *TOMCAT, modes=CLIENT_MODES),
    nginx("nginx", quick=True),
    nginx("nginx, TLS", tls=NGINX_TLS),
    haproxy("haproxy"),
    haproxy("haproxy, TLS", tls=HAPROXY_TLS, quick=True),
    haproxy("haproxy, HTTP/2", tls=HAPROXY_HTTP2, **OVER_HTTP2),
    apache("Apache"),
    apache("Apache, TLS", tls=APACHE_TLS),
    apache("Apache, HTTP/2", tls=APACHE_HTTP2, **OVER_HTTP2),
    caddy("Caddy"),
    caddy("Caddy, TLS", tls=CADDY_TLS),
    Peer("squid", "tunnel", ["squid", "-N", "-f"], apt=("squid",), configuration=SQUID),
    Peer("tinyproxy", "tunnel", ["tinyproxy", "-d", "-c"], apt=("tinyproxy",), configuration=TINYPROXY, quick=True),
]
