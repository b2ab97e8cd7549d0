#!/bin/sh
# Measures with both profiles, fat LTO with one unit of code generation and plain release, and writes one table, its summary and one drawing.
# Arguments are those of the program, such as --quick or --only TEXT.
set -eu
cd "$(dirname "$0")"
cargo build --release
cargo build --profile plain
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
pin=$(command -v taskset >/dev/null && echo "taskset -c 1" || true)
$pin target/release/sansocket-compare "$@" --csv "$dir/release.csv"
$pin target/plain/sansocket-compare "$@" --csv "$dir/plain.csv" >/dev/null
target/plain/sansocket-compare --from "$dir/release.csv" --beside "$dir/plain.csv" \
    --svg ../compare.svg --markdown ../README.md --markdown ../../README.md
