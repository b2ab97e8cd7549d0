#!/bin/bash
# Compares the public API with the listing in tests/public_api.txt: every public item, with all features.
#
#   tests/public_api.sh              # fails, with the difference, if the listing is out of date
#   tests/public_api.sh --update     # writes the listing
#
# Needs a nightly toolchain and `cargo install cargo-public-api`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
listing=tests/public_api.txt
current=$(mktemp)
trap 'rm -f "$current"' EXIT
# Without derived, automatic and blanket implementations: tests/auto_traits.rs checks the automatic ones.
cargo +nightly public-api --all-features -sss >"$current"
case ${1:-} in
    --update) cp "$current" "$listing" ;;
    "")
        if ! diff -u "$listing" "$current"; then
            echo "error: the public API has changed; if that is intended, run tests/public_api.sh --update" >&2
            exit 1
        fi
        ;;
    *)
        echo "usage: tests/public_api.sh [--update]" >&2
        exit 2
        ;;
esac
