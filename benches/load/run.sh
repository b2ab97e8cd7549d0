#!/bin/bash
# Servers under load on loopback, in turns:
#
#     benches/load/run.sh [CONNECTIONS [SECONDS [ROUNDS]]] [--builds LIST] [--servers LIST] [--columns LIST]
#
# Lists have commas between their items: `--servers mio,Bun --columns "16 B,idle"`, parts of the names of servers, and whole
# names of columns. `--builds rust` leaves out all servers but those that build in little time; the other builds are
# rust-peers, js, cpp and go, and presets, which must be named: one server with each configuration of compression. NO_BUILD=1 builds nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
numbers=(10000 1 5)
for at in 0 1 2; do
    case ${1:---} in --*) break ;; esac
    numbers[at]=$1
    shift
done
builds=rust,rust-peers,js,cpp,go
for at in $(seq $#); do
    [ "${!at}" != --builds ] || builds=${*:at + 1:1}
done
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export RELEASE=$CARGO_TARGET_DIR/release PEERS=$CARGO_TARGET_DIR/peers NODE_PATH=$CARGO_TARGET_DIR/peers/node_modules

has() {
    [[ ,$builds, == *,$1,* ]]
}

build() {
    mkdir -p "$PEERS"
    features=()
    ! has rust-peers || features=(--features peers)
    cargo build -q --release "${features[@]}"
    cargo build -q --release --manifest-path ../../examples/runtimes/Cargo.toml \
        --bin mio_echo --bin mio_chat --bin uring_echo --bin tokio_split --bin tokio_chat --bin axum_echo
    # What is missing for the others leaves their rows out, with a line that says so.
    if has js && command -v npm >/dev/null; then
        npm install --silent --no-audit --no-fund --no-package-lock --prefix "$PEERS" @oven/bun-linux-x64 ws ||
            echo "npm cannot install Bun and ws" >&2
    fi
    if has cpp && [ -e /usr/include/boost/beast.hpp ]; then
        g++ -std=c++17 -O2 -DNDEBUG -o "$PEERS/beast" peers/beast.cpp -lpthread
    fi
    if has go && [ -e /usr/share/gocode/src/github.com/gorilla/websocket ]; then
        GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$PEERS/gorilla" peers/gorilla.go
    fi
}

[ -n "${NO_BUILD:-}" ] || build
# A descriptor for each connection, in the server and here.
ulimit -n "$((numbers[0] + 200))"
"$RELEASE/sansocket-load" "${numbers[@]}" "$@"
