#!/bin/bash
# Servers under load on loopback, in one run: `benches/load/run.sh [CONNECTIONS [SECONDS [ROUNDS]]]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
connections=${1:-10000} seconds=${2:-5} rounds=${3:-3}
# A descriptor for each connection, in the server and here.
ulimit -n "$((connections + 100))"
load=${CARGO_TARGET_DIR:-target}
runtimes=${CARGO_TARGET_DIR:-../../examples/runtimes/target}
cargo build -q --release
cargo build -q --release --manifest-path ../../examples/runtimes/Cargo.toml --bin mio_echo
"$load/release/sansocket-load" "$connections" "$seconds" "$rounds" \
    "sansocket (mio)=$runtimes/release/mio_echo" \
    "sansocket-tokio=$load/release/adapter_server" \
    "tungstenite (mio)=$load/release/tungstenite_server" \
    "tokio-tungstenite=$load/release/tokio_tungstenite_server" \
    "fastwebsockets (tokio)=$load/release/fastwebsockets_server" \
    "tokio-websockets=$load/release/tokio_websockets_server"
