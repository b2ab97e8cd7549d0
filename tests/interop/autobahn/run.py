#!/usr/bin/env python3
"""Runs Autobahn|Testsuite against the crate, as a client and as a server, and judges the reports.

    cargo build --examples --all-features
    tests/interop/autobahn/install.sh target/autobahn
    tests/interop/autobahn/run.py            # or: run.py client, run.py server, run.py --cases '6.*' '7.1.*'

The server under test is the example `echo_server`, the client is `client.rs` beside this file. The exit status
is 0 only if there is a verdict for every case that was selected, if all verdicts are the best that the suite
has, and if each connection ended with the code that it should end with. wstest itself asks for less: it also
accepts a peer that just drops the connection, and it exits with 0 whatever the verdicts are.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]

# How many cases each section has. (There is no section 8 and no 11.)
SECTIONS = {"1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37, "9": 54, "10": 1, "12": 90, "13": 126}

# Sections 12 and 13 are permessage-deflate. They need examples with the feature `deflate`.
DEFLATE = ["12.*", "13.*"]

# In these cases nobody is graded; it is their best verdict.
UNGRADED = {"7.1.6", "7.13.1", "7.13.2"}


def cases(text):
    """'3.1-3 5.1' is 3.1, 3.2, 3.3 and 5.1."""
    for item in text.split():
        first, _, last = item.partition("-")
        head, number = first.rsplit(".", 1)
        yield from (f"{head}.{n}" for n in range(int(number), int(last or number) + 1))


# The code of the Close that the peer under test sends, where it is not 1000.
CLOSE_CODES = {
    # It fails the connection because frames break the protocol ...
    **dict.fromkeys(cases("2.5 3.1-7 4.1.1-5 4.2.1-5 5.1-2 5.9-18 7.3.2 7.3.6 7.9.1-9 7.13.1-2"), 1002),
    # ... or because text is not UTF-8.
    **dict.fromkeys(
        cases(
            "6.3.1-2 6.4.1-4 6.6.1 6.6.3-4 6.6.6 6.6.8 6.6.10 6.8.1-2 6.10.1-3 6.11.5 6.12.1-8 6.13.1-5 6.14.1-10"
            " 6.15.1 6.16.1-3 6.17.1-5 6.18.1-5 6.19.1-5 6.20.1-7 6.21.1-8 7.5.1"
        ),
        1007,
    ),
    # It answers with the code that it was sent, if any.
    "7.3.1": None,
    **dict(zip(cases("7.7.2-13"), [1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roles", nargs="*", metavar="client|server", help="default: both")
    parser.add_argument("--cases", nargs="+", default=[section + ".*" for section in SECTIONS], metavar="CASE")
    parser.add_argument("--wstest", type=pathlib.Path, default=ROOT / "target/autobahn/wstest")
    parser.add_argument("--examples", type=pathlib.Path, default=ROOT / "target/debug/examples")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target/autobahn/reports")
    parser.add_argument("--client", help="another client, called with port and agent")
    parser.add_argument("--server", help="another server, called with an address")
    parser.add_argument("--limit", type=float, default=600, metavar="SECONDS", help="for each role")
    parser.add_argument("--deflate-messages", type=int, default=0, metavar="COUNT",
                        help="messages in each case of sections 12 and 13, instead of 1000")
    parser.add_argument("--narrow", action="store_true",
                        help="then sections 12 and 13 again with a client that narrows what the server may do")
    options = parser.parse_args()
    os.environ["WSTEST_DEFLATE_MESSAGES"] = str(options.deflate_messages)
    good = [Run(role, options).run() for role in options.roles or ["client", "server"]]
    if options.narrow:
        options.cases = DEFLATE
        good.append(Run("client", options, narrow=True).run())
    return 0 if all(good) else 1


class Run:
    """One role under test."""

    def __init__(self, role, options, narrow=False):
        if role not in ("client", "server"):
            sys.exit(f"a role is client or server, not {role}")
        self.role = role
        self.options = options
        self.name = f"{role}, narrow" if narrow else role
        self.words = ["narrow"] if narrow else []
        self.agent = "-".join(["sansocket", role, *self.words])
        self.out = options.out.resolve() / "-".join([role, *self.words])
        self.selected = []

    def run(self):
        shutil.rmtree(self.out, ignore_errors=True)  # never read an old report
        self.out.mkdir(parents=True)
        self.port = free_port()
        begin = time.monotonic()
        ended = self.run_client() if self.role == "client" else self.run_server()
        return self.judge(ended, time.monotonic() - begin)

    def run_client(self):
        with self.wstest("fuzzingserver", url=f"ws://127.0.0.1:{self.port}") as suite:
            wait_for_port(self.port, suite)
            client = self.options.client or self.options.examples / "autobahn_client"
            with self.process("client.log", client, self.port, self.agent, *self.words) as peer:
                return self.wait(peer)

    def run_server(self):
        server = self.options.server or self.options.examples / "echo_server"
        with self.process("server.log", server, f"127.0.0.1:{self.port}") as peer:
            wait_for_port(self.port, peer)
            target = {"agent": self.agent, "url": f"ws://127.0.0.1:{self.port}"}
            with self.wstest("fuzzingclient", servers=[target]) as suite:
                ended = self.wait(suite)
            if peer.poll() is not None:
                return f"the server ended with {peer.returncode}"
            return ended

    def wait(self, process):
        """What went wrong, if anything did."""
        try:
            status = process.wait(self.options.limit)
        except subprocess.TimeoutExpired:
            return f"not ended after {self.options.limit:.0f} s"
        return None if status == 0 else f"{process.args[0]} ended with {status}"

    @contextlib.contextmanager
    def wstest(self, mode, **spec):
        spec |= {"outdir": str(self.out), "cases": self.options.cases, "exclude-cases": [], "exclude-agent-cases": {}}
        spec_file = self.out / "spec.json"
        spec_file.write_text(json.dumps(spec))
        command = [str(self.options.wstest.resolve()), "-m", mode, "-s", str(spec_file), "-u", "0"]
        with self.process("wstest.log", *command, pipe=True) as process:
            reader = threading.Thread(target=self.read_log, args=(process.stdout,))
            reader.start()
            yield process
            stop(process)
            reader.join()

    def read_log(self, lines):
        """Keeps what wstest prints. It prints which cases it has selected, as a list in Python 2."""
        with (self.out / "wstest.log").open("w") as log:
            for line in lines:
                log.write(line if len(line) < 500 else line[:500] + " ...\n")
                if line.startswith("Cases = "):
                    self.selected = json.loads(line[8:].replace("u'", '"').replace("'", '"'))

    @contextlib.contextmanager
    def process(self, log, *command, pipe=False):
        with (self.out / log).open("w") as file:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if pipe else file,
                stderr=subprocess.STDOUT, text=True, cwd=self.out, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
            try:
                yield process
            finally:
                stop(process)

    def judge(self, ended, seconds):
        faults = [ended] if ended else []
        index = self.out / "index.json"
        verdicts = json.loads(index.read_text()).get(self.agent, {}) if index.exists() else {}
        if not self.selected:
            faults.append("no case was selected")
        for section, count in SECTIONS.items():
            chosen = [case for case in self.selected if case.split(".")[0] == section]
            if section + ".*" in self.options.cases and len(chosen) != count:
                faults.append(f"section {section} has {len(chosen)} cases, not {count}")
        missing = [case for case in self.selected if case not in verdicts]
        if missing:
            more = " ..." if len(missing) > 20 else ""
            faults.append(f"no verdict for {len(missing)} cases: {' '.join(missing[:20])}{more}")
        faults += [f"{case}: {fault}" for case, verdict in verdicts.items() for fault in self.faults(case, verdict)]
        self.print_table(verdicts, seconds)
        for fault in faults:
            print(f"  FAILED {fault}")
        if ended:
            for log in self.out.glob("*.log"):
                print(f"  the end of {log}:", *log.read_text().splitlines()[-10:], sep="\n    ")
        passed = sum(not any(self.faults(case, verdict)) for case, verdict in verdicts.items())
        print(f"{passed} passed, {len(self.selected) - passed} failed", flush=True)
        return not faults

    def faults(self, case, verdict):
        best = "INFORMATIONAL" if case in UNGRADED else "OK"
        for key in ("behavior", "behaviorClose"):
            # A verdict may be better than the best that is known: 7.1.6 depends on who is faster.
            if verdict[key] not in (best, "OK"):
                yield f"{key} is {verdict[key]}; see {self.out / verdict['reportfile']}"
        expected = CLOSE_CODES.get(case, 1000)
        if verdict["remoteCloseCode"] != expected:
            yield f"the Close had the code {verdict['remoteCloseCode']}, not {expected}"

    def print_table(self, verdicts, seconds):
        print(f"\nAutobahn|Testsuite, {self.name} under test: {len(verdicts)} cases in {seconds:.0f} s")
        print(f"  {'section':8} {'cases':>5}  {'behavior':32} {'closing':32} codes of the Close")
        for section in SECTIONS:
            rows = [verdict for case, verdict in verdicts.items() if case.split(".")[0] == section]
            if rows:
                columns = [count(row[key] for row in rows) for key in ("behavior", "behaviorClose", "remoteCloseCode")]
                print(f"  {section:8} {len(rows):5}  {columns[0]:32} {columns[1]:32} {columns[2]}")


def count(values):
    counter = collections.Counter(str(value) for value in values)
    return ", ".join(f"{name} {number}" for name, number in sorted(counter.items(), key=lambda item: -item[1]))


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} ended with {process.returncode} before it listened")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"{process.args[0]} does not listen on port {port}")


if __name__ == "__main__":
    sys.exit(main())
