"""Damaged queries to varved and to a real influxd 1.6: always an answer, with the same status.

    python3 influxql_malformed.py --build build/release [--seed N] [--queries N]

The queries are valid ones that were cut, shuffled, nested or blown up
(random_queries/malformed.py). varved has to answer each within ANSWER_MAX_S with JSON that holds
results or an error, and has to be the same process at the end. Statuses that differ on purpose are
in MEANT."""

import argparse
import json
import os
import random
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
sys.path.insert(0, os.path.join(FOLDER, "../support/py"))
from random_queries import data  # noqa: E402
from random_queries.coverage import Coverage  # noqa: E402
from random_queries.malformed import malformed  # noqa: E402
from random_queries.selects import SelectMaker  # noqa: E402
from random_queries.servers import Servers  # noqa: E402
from random_queries.statements import StatementMaker  # noqa: E402

ANSWER_MAX_S = 10
SHOWN_MAX = 300

# (influxd's status, varved's status, the text of either that explains it)
MEANT = [
    # A limit, where influxd's stack grows.
    (200, 400, "expression is nested too deeply"),
    # As in 1.8; 1.6 lets the number wrap round.
    (200, 400, "overflowed duration"),
    # LIMIT and the like: 1.6 takes what fits no 64 bits for the highest number.
    (200, 400, "value out of range"),
    # In a regex; 1.6 reads such bytes as U+FFFD.
    (200, 400, "invalid UTF-8"),
    # ORDER BY a column is an extension.
    (400, 200, "only ORDER BY time supported at this time"),
]


def complaint(theirs, mine, seconds):
    """What is wrong with varved's answer, or None."""
    if mine.status == 0 or seconds > ANSWER_MAX_S:
        return f"no answer within {ANSWER_MAX_S} s: {mine.body}"
    try:
        documents = [json.loads(line) for line in mine.body.split("\n") if line.strip()]
    except ValueError:
        return "no JSON"
    if not mine.body.strip() or not all("results" in one or "error" in one for one in documents):
        # Of no statement at all influxd says {}, too.
        return None if mine.body == theirs.body else "neither results nor an error"
    meant = any((theirs.status, mine.status) == (one, other) and
                (part in mine.body or part in theirs.body) for one, other, part in MEANT)
    if theirs.status != mine.status and theirs.status != 0 and not meant:
        return f"status {theirs.status} became {mine.status}"
    return None


class Tester:
    def __init__(self, options, servers):
        self.options = options
        self.servers = servers
        self.rng = random.Random(options.seed)
        self.bad = []
        self.damages = {}
        self.unanswered = self.statuses = 0

    def ask(self, query, db):
        """influxd's answer, varved's, and the seconds varved took."""
        parameters = {"db": db, "epoch": "ns"}
        theirs = self.servers.theirs.query(query, parameters, {})
        started = time.monotonic()
        mine = self.servers.mine.query(query, parameters, {})
        return theirs, mine, time.monotonic() - started

    def run(self):
        db = "m"
        data.fill_database(self.rng, self.servers.both, self.servers.write, db, twin=False)
        cover = Coverage(self.rng, self.options.queries)
        selects = SelectMaker(self.rng, cover, db)
        statements = StatementMaker(self.rng, cover, db, selects)
        makers = [lambda: selects.select()[0]] * 4 + [statements.show]
        for _ in range(self.options.queries):
            names, query = malformed(self.rng, lambda: self.rng.choice(makers)())
            cover.finish_query()
            for name in names:
                self.damages[name] = self.damages.get(name, 0) + 1
            theirs, mine, seconds = self.ask(query, db)
            self.unanswered += theirs.status == 0
            self.statuses += theirs.status == mine.status
            wrong = complaint(theirs, mine, seconds)
            if wrong:
                self.bad.append((wrong, query, theirs, mine))
            self.servers.revive()

    def report(self):
        for wrong, query, theirs, mine in self.bad:
            print(f"{wrong}\n  > {query[:SHOWN_MAX]!r} ({len(query)} bytes)\n"
                  f"  influxd {theirs.status} {theirs.body[:SHOWN_MAX]}\n"
                  f"  varved  {mine.status} {mine.body[:SHOWN_MAX]}")
        print(f"seed {self.options.seed}: {self.options.queries} damaged queries {self.damages}, "
              f"{self.statuses} statuses equal, {len(self.bad)} complaints, influxd without answer "
              f"{self.unanswered}, varved started again {self.servers.restarts_of_varved}")
        return not self.bad and self.servers.restarts_of_varved == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queries", type=int, default=1000)
    options = parser.parse_args()
    with Servers(options.build) as servers:
        tester = Tester(options, servers)
        tester.run()
        good = tester.report()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
