"""./dev soak: steady writes and queries; memory, file descriptors and answers watched.

    python3 soak.py --build build/release --minutes 10

Prints a line every ten seconds. Fails if a request fails, an answer is wrong, or memory goes on
growing after the first quarter of the time (by more than a third)."""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support/py"))
from varved import Varved  # noqa: E402


def resident_megabytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    seconds = options.minutes * 60
    with Varved(options.build) as server:
        server.query("create database db")
        start = shown = time.monotonic()
        rows = 0
        settled = None
        while time.monotonic() - start < seconds:
            body = "".join(f"m,host=h{i % 50} v={rows + i}i,f={i / 3:.3f} {(rows + i) * 10**7}\n"
                           for i in range(2000))
            status, answer = server.write(body)
            if status != 204:
                print(f"a write failed: {status} {answer}")
                return 1
            rows += 2000
            if time.monotonic() - shown < 10:
                continue
            shown = time.monotonic()
            counted = server.rows("select count(v) from m")[0][1]
            if counted != rows:
                print(f"{counted} rows counted, {rows} written")
                return 1
            memory = resident_megabytes(server.process.pid)
            files = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            print(f"{shown - start:6.0f} s  {rows} rows  {memory:.0f} MB  {files} files",
                  flush=True)
            if settled is None and shown - start > seconds / 4:
                settled = memory
            if settled is not None and memory > settled * 4 / 3 + 64:
                print(f"memory grew from {settled:.0f} MB to {memory:.0f} MB")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
