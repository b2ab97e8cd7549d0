"""What the scripts beside this file share: processes that are always ended, and cases with a deadline."""

import asyncio
import contextlib
import os
import re
import sys
import time
import traceback

# No case takes seconds. A machine under load, or a debug build, may.
PATIENCE = 30

# All cases of a script together. What is still running then is ended with it.
LIMIT = 400


class Process:
    """A program with pipes. Its output is kept, so that a failure can show it."""

    def __init__(self, process):
        self.process = process
        self.errors = bytearray()
        self._reader = asyncio.create_task(self._read_errors())

    async def _read_errors(self):
        while data := await self.process.stderr.read(4096):
            self.errors += data

    async def line(self):
        """The next line of its standard output, without the line end."""
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert line.endswith(b"\n"), f"the output ended with {line!r}; errors: {bytes(self.errors)!r}"
        return line[:-1].decode()

    async def type(self, text):
        self.process.stdin.write(text.encode())
        await self.process.stdin.drain()

    def end_input(self):
        self.process.stdin.close()

    async def exit(self):
        """Waits for the program to end by itself. Its status, and what it printed about itself."""
        status = await asyncio.wait_for(self.process.wait(), PATIENCE)
        await asyncio.wait_for(self._reader, PATIENCE)
        return status, self.errors.decode()


@contextlib.asynccontextmanager
async def running(*command):
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=pipe, limit=16 << 20
    )
    program = Process(process)
    try:
        yield program
    except BaseException:
        print(f"errors of {command[0]}:\n{program.errors.decode(errors='replace')}", file=sys.stderr)
        raise
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


CASES = []


def case(function):
    """Marks a case. The cases run in the order in which they are written."""
    CASES.append(function)
    return function


async def run_cases(*arguments):
    """Runs the cases one after the other, all of them, and says how many failed."""
    os.dup2(sys.stdout.fileno(), sys.stderr.fileno())  # one report, in order
    failed = 0
    for function in CASES:
        name = re.sub("_+", " ", function.__name__).strip()
        begin = time.monotonic()
        try:
            await asyncio.wait_for(function(*arguments), 2 * PATIENCE)
        except Exception:
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc()
        else:
            print(f"ok      {name} ({time.monotonic() - begin:.1f} s)")
        sys.stdout.flush()
    print(f"{len(CASES) - failed} passed, {failed} failed", flush=True)
    return failed


def main(run):
    """Runs a coroutine that returns the number of failures, and ends the program with the status that says so."""
    sys.exit(1 if asyncio.run(asyncio.wait_for(run, LIMIT)) else 0)
