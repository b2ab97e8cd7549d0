#!/usr/bin/env python3
"""Shows that no panic can be reached from the functions `proof_*` of a program, by the calls in its machine code.

    reachable.py PROGRAM

Calls that end a program out of memory are where the search stops: `alloc` may fail, and that is not a matter of input. So
is a capacity that overflows: what is reserved is the length of bytes that are in memory already, or is capped.
Jumps through a register are taken for the jump tables of a `match`; calls through one count as a panic. The function
`control` has to reach a panic, else the search is broken.
"""

import re
import subprocess
import sys

FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
CALL = re.compile(r"\b(?:call|j[a-z]+)\s+(?:\*.*# )?[0-9a-f]+ <(.+?)(?:\+0x[0-9a-f]+)?>$")
INDIRECT = re.compile(r"\b(?:call|jmp)\s+\*(?!.*<)")
PANIC = re.compile(r"core::panicking|std::panicking|rust_begin_unwind|_fail\b|unwrap_failed|expect_failed|len_mismatch")
OUT_OF_MEMORY = re.compile(r"alloc::raw_vec::handle_error|capacity_overflow|handle_alloc_error|__rust_(alloc|realloc|dealloc)|__rdl_")


def calls_of(program):
    """Which functions each function calls or jumps to; None stands for a call whose target is not in the code."""
    listing = subprocess.run(
        ["objdump", "-d", "-C", "--no-show-raw-insn", program], check=True, capture_output=True, text=True
    ).stdout
    calls, current = {}, None
    for line in listing.splitlines():
        if head := FUNCTION.match(line):
            current = calls.setdefault(head[1], set())
        elif current is not None:
            if call := CALL.search(line):
                current.add(call[1])
            elif INDIRECT.search(line) and "jmp" not in line:
                current.add(None)
    return calls


def panics_from(root, calls):
    """The ways from `root` to a panic, each as the functions on it."""
    ways, seen = [[root]], {root}
    found = []
    while ways:
        way = ways.pop()
        for target in sorted(calls.get(way[-1], ()), key=str):
            if target is None or PANIC.search(target):
                found.append([*way, target or "an unknown target"])
            elif target not in seen and not OUT_OF_MEMORY.search(target):
                seen.add(target)
                ways.append([*way, target])
    return found, len(seen)


def main():
    calls = calls_of(sys.argv[1])
    roots = sorted(name for name in calls if re.search(r"\bproof_\w+$", name))
    controls = [name for name in calls if re.search(r"\bcontrol$", name)]
    expected = {"close", "connection", "end", "receive", "recycle", "reply", "rest", "send"}
    if {root.rpartition("proof_")[2] for root in roots} != expected or not controls:
        sys.exit(f"error: not just the functions to look at were found: {roots}, {controls}")
    if not panics_from(controls[0], calls)[0]:
        sys.exit("error: the panic of the control was not found, so nothing is shown")
    for root in roots:
        found, count = panics_from(root, calls)
        for way in found:
            print(" -> ".join(way), file=sys.stderr)
        if found:
            sys.exit(f"error: a panic can be reached from {root}")
        print(f"{root}: {count} functions, none of which can panic")


main()
