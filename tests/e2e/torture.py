"""kill -9 under load: nothing acknowledged is missing, nothing unsent appears.

Several writers send small batches (every kind of value, some rows out of order, some overwriting
earlier ones), delete some of their rows now and then, and note what was answered; compactions are
asked for all the time. The server is killed at a random moment, started again, and every row is
compared. What was on its way when the server died may have happened or not, but each batch and each
delete whole.

    python3 torture.py --build build/release --cycles 50 [--seed N]
"""

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support/py"))
from varved import Varved  # noqa: E402


class Writer(threading.Thread):
    """Writes to series of its own, so that its notes alone say what must be there."""

    def __init__(self, name, port, seed, written):
        super().__init__()
        self.name = name
        self.port = port
        self.random = random.Random(seed)
        self.written = written  # time → (i, text) of acknowledged rows
        self.unsure = {}        # the batch that got no answer
        self.unsure_delete = None  # the range of the delete that got no answer
        self.deletes = 0
        self.refused = []

    def make_batch(self):
        batch = {}
        for _ in range(self.random.randint(1, 20)):
            at = self.random.randint(1, 2_000_000) if self.random.random() < 0.3 \
                else max(self.written, default=0) + self.random.randint(1, 1000)
            batch[at] = (self.random.randint(-10**12, 10**12),
                         f"t{self.random.randint(0, 9)} \\\"q\\\"")
        return batch

    def delete(self, connection):
        """Deletes a range of times of this writer's series; False when the server is gone."""
        first = self.random.randint(1, max(self.written))
        last = first + self.random.randint(0, 50_000)
        statement = f"DELETE FROM m WHERE w = '{self.name}' AND time >= {first} AND time <= {last}"
        try:
            connection.request("POST", "/query?" + urllib.parse.urlencode(
                {"db": "db", "q": statement}))
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            self.unsure_delete = (first, last)
            return False
        if response.status != 200 or b"error" in answer:
            self.refused.append((response.status, answer))
            return False
        for at in [at for at in self.written if first <= at <= last]:
            del self.written[at]
        self.deletes += 1
        return True

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while True:
            if self.written and self.random.random() < 0.03:
                if not self.delete(connection):
                    return
                continue
            batch = self.make_batch()
            body = "".join(f'm,w={self.name} i={i}i,f={i / 8},s="{text}",'
                           f'b={"t" if i > 0 else "f"} {at}\n'
                           for at, (i, text) in batch.items())
            try:
                connection.request("POST", "/write?db=db", body)
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                self.unsure = batch
                return
            if response.status != 204:
                self.refused.append((response.status, answer))
                return
            self.written.update(batch)


class Compactor(threading.Thread):
    """Asks for compactions until the server is gone."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.refused = []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while True:
            try:
                connection.request("POST", "/varve/v1/storage/compact")
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                return
            if response.status >= 300:
                self.refused.append((response.status, answer))
                return
            time.sleep(0.03)


def compare(server, writer):
    """Makes what turned out to have happened part of what is written; complaints as a list."""
    name, written, unsure = writer.name, writer.written, writer.unsure
    rows = server.rows(f"select i, f, s, b from m where w = '{name}'")
    stored = {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}

    def value(pair):
        i, text = pair
        return i, i / 8, text.replace('\\"', '"'), i > 0

    complaints = []
    if writer.unsure_delete:
        first, last = writer.unsure_delete
        hit = [at for at in written if first <= at <= last]
        gone = [at for at in hit if at not in stored]
        if gone and len(gone) != len(hit):
            complaints.append(f"{name}: a delete happened in part: {len(gone)} of {len(hit)} rows")
        for at in gone:
            del written[at]
    applied = [at for at, pair in unsure.items()
               if stored.get(at) == value(pair) and (at not in written or written[at] != pair)]
    absent = [at for at, pair in unsure.items() if stored.get(at) != value(pair)]
    if applied and absent:
        complaints.append(f"{name}: a batch was stored in part: "
                          f"{len(applied)} of {len(unsure)} rows")
    if applied:
        written.update(unsure)
    for at, pair in written.items():
        if at not in stored:
            complaints.append(f"{name}: the acknowledged row at {at} is missing")
        elif stored[at] != value(pair):
            complaints.append(f"{name}: row at {at}: {stored[at]} instead of {value(pair)}")
    for at in stored:
        if at not in written:
            complaints.append(f"{name}: the row at {at} was never sent")
    return complaints


def torture(build, cycles, seed, settings=()):
    """Runs the cycles; a list of complaints (empty = all is well)."""
    rng = random.Random(seed)
    # Small logs and memtables, so that flushes and merges are hit as well.
    small = ["storage.strata.memtable_size_max=256KiB", "storage.strata.wal_segment_size=1MiB"]
    written = {f"w{n}": {} for n in range(4)}
    server = Varved(build, settings=small + list(settings))
    try:
        server.start()
        server.query("create database db")
        deletes = 0
        for cycle in range(cycles):
            writers = [Writer(name, server.port, rng.random(), written[name]) for name in written]
            compactor = Compactor(server.port)
            for thread in writers + [compactor]:
                thread.start()
            time.sleep(rng.uniform(0.05, 0.6))
            server.kill()
            for thread in writers + [compactor]:
                thread.join()
            server.start()
            complaints = [f"refused: {refusal}" for thread in writers + [compactor]
                          for refusal in thread.refused]
            for writer in writers:
                complaints += compare(server, writer)
            if complaints:
                return [f"cycle {cycle}, seed {seed}"] + complaints[:20]
            rows = sum(len(rows) for rows in written.values())
            deletes += sum(writer.deletes for writer in writers)
            print(f"cycle {cycle + 1}/{cycles}: {rows} rows, all there; {deletes} deletes done",
                  flush=True)
        if server.stop() != 0:
            return ["varved did not stop with exit code 0"]
        return []
    finally:
        if server.process.poll() is None:
            server.kill()
        server.__exit__()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    complaints = torture(options.build, options.cycles, options.seed)
    print("\n".join(complaints) if complaints else "nothing is missing, nothing unsent appeared")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
