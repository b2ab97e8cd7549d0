#!/bin/bash
# Mutation testing: does a test notice when a line of src/ is wrong? From the root: `tests/mutants.sh [folder]`.
#
# Needs `cargo install cargo-mutants`. Each mutant is first run with the tests of its topic, which takes seconds; what
# they miss is run with all tests. Results are in FOLDER/mutants.out (target/mutants by default). It takes hours.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-target/mutants}
mkdir -p "$out"
jobs=${JOBS:-2}

# mutate FILES TESTS: the files, separated by spaces, and the test binaries that are about them.
mutate() {
    local files=() tests=()
    for file in $1; do files+=(--file "$file"); done
    for test in $2; do tests+=(--test "$test"); done
    # It ends with 2 if it missed some; those are for the second round.
    cargo mutants --all-features --profile mutants --baseline skip --timeout 60 --jobs "$jobs" --iterate \
        --output "$out" --no-shuffle --colors never "${files[@]}" -- --lib "${tests[@]}" || [ $? -le 3 ]
}

mutate "src/frame/*.rs" "frame_decoder frame_header properties limits receiving sending"
mutate "src/utf8.rs src/close.rs src/input.rs src/num.rs src/error.rs src/entropy.rs" \
    "text close properties closing frame_decoder receiving sending"
mutate "src/connection/assembly.rs src/connection/config.rs src/connection/event.rs src/connection/lifecycle.rs
        src/connection/mod.rs src/connection/receiving.rs src/connection/sending.rs src/connection/split.rs" \
    "closing close limits model pair properties sending text memory halves choices receiving"
mutate "src/handshake/*.rs src/server/*.rs src/client/*.rs src/uri.rs" \
    "client_handshake client_request exchange handshake_limits header_grammar refusals server_answers server_handshake uri"
mutate "src/deflate/*.rs src/connection/compression.rs" \
    "deflate_agreement deflate_limits deflate_memory deflate_negotiation deflate_receiving deflate_requirements
     deflate_roundtrip deflate_sending deflate_windows"

# What is left, with everything there is.
cargo mutants --all-features --profile mutants --baseline skip --timeout 120 --jobs "$jobs" --iterate \
    --output "$out" --colors never || [ $? -le 3 ]
cat "$out/mutants.out/missed.txt"
