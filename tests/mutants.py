#!/usr/bin/env python3
"""Mutation testing: does a test notice when a line of src/ is wrong?

    cargo install cargo-mutants
    tests/mutants.py FOLDER [GROUP ...]

cargo-mutants makes the list of mutants, and this runs them: `cargo mutants` itself builds every test binary for each of some
1500 mutants, which takes days. Here each mutant is run with the tests of its topic in one binary, which takes two seconds. It
works in a copy of the project in FOLDER, writes a line for each mutant to FOLDER/results.jsonl, and goes on where it stopped.
What the tests of the topic miss is run again with all tests at the end.
"""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Which files a group has, and which files of tests are about them.
GROUPS = {
    "base": (
        "src/utf8.rs src/close.rs src/input.rs src/num.rs src/error.rs src/entropy.rs src/keepalive.rs",
        "text close properties frame_decoder sending closing errors keepalive keepalive_model receiving retained_input",
    ),
    "frame": ("src/frame/", "frame_decoder frame_header properties limits sending receiving retained_input"),
    "deflate": (
        "src/deflate/ src/connection/compression.rs",
        "deflate_agreement deflate_memory deflate_negotiation deflate_receiving deflate_requirements"
        " deflate_roundtrip deflate_sending deflate_settings deflate_limits deflate_windows errors",
    ),
    "connection": (
        "src/connection/",
        "closing close limits model pair properties sending text memory split choices recycling refusals errors receiving retained_input"
        " deflate_memory deflate_receiving deflate_settings",
    ),
    "handshake": (
        "src/handshake/ src/server/ src/client/ src/extended_connect/ src/uri.rs src/proxy.rs src/http_types.rs",
        "client_handshake client_request exchange handshake_limits header_grammar refusals server_responses"
        " server_handshake uri errors proxy encodings http_types extended_connect deflate_negotiation",
    ),
    "testing": ("src/testing/ src/arbitrary.rs", "testing testing_choices arbitrary"),
}


def group_of(file):
    for group, (places, _) in GROUPS.items():
        if any(file.startswith(place) if place.endswith("/") else file == place for place in places.split()):
            return group
    raise SystemExit(f"{file} is in no group")


def set_up(copy):
    """A copy of the project whose tests are one binary for each group, and one of all."""
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("target", "node_modules", ".git", "fuzz"))
    manifest = (copy / "Cargo.toml").read_text()
    manifest = manifest.replace("\n[package.metadata", "\nautotests = false\n[package.metadata", 1)
    manifest = re.sub(r'\[\[test\]\]\nname = .*\nrequired-features = .*\n\n', "", manifest)
    for group, tests in binaries().items():
        manifest += f'\n[[test]]\nname = "group_{group}"\npath = "tests/group_{group}.rs"\n'
        modules = "".join(f'#[path = "{test}.rs"]\nmod {test};\n' for test in tests)
        (copy / f"tests/group_{group}.rs").write_text(f"#![allow(warnings, clippy::all)]\n{modules}")
    (copy / "Cargo.toml").write_text(manifest)


def binaries():
    groups = {group: tests.split() for group, (_, tests) in GROUPS.items()}
    return groups | {"all": sorted({test for tests in groups.values() for test in tests})}


def build(copy, group):
    """The test binaries, or None if it does not compile."""
    command = ["cargo", "test", "--all-features", "--profile", "mutants", "--no-run", "--lib", "--quiet"]
    command += ["--test", f"group_{group}", "--message-format", "json"]
    environment = os.environ | {"RUSTFLAGS": "--cap-lints allow", "CARGO_TARGET_DIR": str(copy / "target")}
    # Some mutants keep the compiler busy for ever, in what it evaluates.
    command = ["timeout", "300", *command]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = [message["executable"] for message in messages if message.get("executable")]
    return found if done.returncode == 0 else None


def outcome(copy, group, timeout):
    tests = build(copy, group)
    if tests is None:
        return "unviable"
    environment = os.environ | {"PROPTEST_CASES": "64", "RUST_BACKTRACE": "0"}
    for test in tests:
        command = [test, "--quiet"]
        try:
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            return "timeout"
        if done.returncode != 0:
            return "caught"
    return "missed"


def mutated(copy, mutant, group, timeout):
    """Puts the mutant in, looks what comes of it, and takes it out."""
    path = copy / mutant["file"]
    source = path.read_text()
    lines = source.split("\n")

    def offset(place):
        return sum(len(line) + 1 for line in lines[: place["line"] - 1]) + place["column"] - 1

    begin, end = offset(mutant["span"]["start"]), offset(mutant["span"]["end"])
    path.write_text(source[:begin] + mutant["replacement"] + source[end:])
    try:
        return outcome(copy, group, timeout)
    finally:
        path.write_text(source)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    groups = sys.argv[2:] or list(GROUPS)
    folder.mkdir(parents=True, exist_ok=True)
    copy, results = folder / "copy", folder / "results.jsonl"
    if not copy.exists():
        set_up(copy)
    listed = subprocess.run(
        ["cargo", "mutants", "--list", "--json", "--all-features"], cwd=copy, capture_output=True, check=True
    )
    mutants = [mutant for mutant in json.loads(listed.stdout) if group_of(mutant["file"]) in groups]
    seen = {}
    if results.exists():
        seen = {entry["name"]: entry["outcome"] for entry in map(json.loads, results.open())}
    for group in [*groups, "all"]:
        if outcome(copy, group, 600) != "missed":
            raise SystemExit(f"the tests of {group} fail without any mutant")
        for mutant in mutants:
            again = group == "all" and seen.get(mutant["name"]) == "missed"
            if again or mutant["name"] not in seen and group_of(mutant["file"]) == group:
                found = mutated(copy, mutant, group, 180 if again else 40)
                seen[mutant["name"]] = "missed by all" if again and found == "missed" else found
                with results.open("a") as file:
                    file.write(json.dumps({"name": mutant["name"], "outcome": seen[mutant["name"]]}) + "\n")
    print(collections.Counter(seen.values()))
    print("\n".join(name for name, found in seen.items() if found == "missed by all"))


if __name__ == "__main__":
    main()
