"""Random InfluxQL to varved and to a real influxd 1.6: the same answers.

    python3 influxql_random.py --build build/release [--seed N] [--queries N]

Random data, then random queries from the whole grammar (random_queries/selects.py, statements.py),
and some that are wrong. A query that is answered differently is made smaller and shown once with
all that differ alike. Fails below --min-identical percent. Differences that are meant are in
random_queries/known.py and docs/conformance.md."""

import argparse
import concurrent.futures
import os
import random
import re
import sys
import threading
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
sys.path.insert(0, os.path.join(FOLDER, "../support/py"))
from random_queries import data, known, mistakes  # noqa: E402
from random_queries.compare import close, difference, statements_of  # noqa: E402
from random_queries.coverage import Coverage  # noqa: E402
from random_queries.rewrites import rewritten  # noqa: E402
from random_queries.selects import SelectMaker  # noqa: E402
from random_queries.servers import Servers  # noqa: E402
from random_queries.shrink import bounded, shrink, signature  # noqa: E402
from random_queries.statements import StatementMaker  # noqa: E402

QUERIES_PER_DATABASE = 2500
BATCH = 200
WORKERS = 3
FIELD_TYPES = {name: one.field_type(name) for one in data.measurements() for name in one.fields}


class Query:
    def __init__(self, text, parameters, headers):
        self.text = text
        self.parameters = parameters
        self.headers = headers

    def again(self, text):
        return Query(text, self.parameters, self.headers)

    def at_twin(self):
        """What to ask the twin of the database."""
        db = self.parameters["db"]
        twin = data.twin_of(db)
        text = re.sub(rf'\b{db}\b', twin, self.text)
        return text, {**self.parameters, "db": twin}, self.headers


class Tester:
    def __init__(self, options, servers):
        self.options = options
        self.servers = servers
        self.rng = random.Random(options.seed)
        self.cover = Coverage(self.rng, options.queries)
        self.lock = threading.Lock()
        self.compared = self.identical = self.databases = self.scenarios = 0
        self.expected = {}
        self.groups = {}   # signature: [count, shrunk text, theirs, mine, whole text]
        self.kinds = {}

    # Making queries.

    def new_database(self):
        self.databases += 1
        name = f"d{self.databases}"
        data.fill_database(self.rng, self.servers.both, self.servers.write, name)
        return name

    def make(self, db):
        """One query; or a function that runs a scenario of several."""
        self.selects = SelectMaker(self.rng, self.cover, db, self.options.without)
        statements = StatementMaker(self.rng, self.cover, db, self.selects, self.options.without)
        kind = self.rng.choices(
            ["select", "show", "bound", "several", "explain", "template", "mutation", "scenario"],
            [68, 12, 4.5, 1.5, 0.6, 5, 5, 2.2])[0]
        parameters = {"db": db, "epoch": "ns"}
        headers = {}
        if kind == "scenario":
            return statements.scenario()
        if kind == "select":
            text = self.selects.select()[0]
        elif kind == "show":
            text = statements.show()
        elif kind == "bound":
            text, parameters["params"] = statements.bound()
        elif kind == "several":
            text = statements.several()
        elif kind == "explain":
            text = statements.explain()
        else:
            text = self.mistake(kind, statements)
            if not text[:6].upper().startswith(("SELECT", "SHOW")):
                parameters["db"] = "scratch"
        self.vary(parameters, headers)
        return Query(text, parameters, headers)

    def mistake(self, kind, statements):
        while True:
            if kind == "template":
                text = mistakes.from_template(self.rng, self.cover)
            else:
                text = self.rng.choice([lambda: self.selects.select()[0], statements.show])()
                text = mistakes.mutated(self.rng, self.cover, text)
            if bounded(text) and not text.startswith(("DROP SHARD", "DROP DATABASE")):
                return text

    def vary(self, parameters, headers):
        """Now and then another form of answer."""
        form = self.cover.pick("answer", {"JSON": 20, "epoch": 2, "RFC3339": 1, "chunked": 1,
                                          "CSV": 1, "pretty": 0.5})
        if form == "epoch":
            parameters["epoch"] = self.rng.choice(["u", "ms", "s", "m", "h"])
        elif form == "RFC3339":
            del parameters["epoch"]
        elif form == "chunked":
            parameters.update(chunked="true", chunk_size=str(self.rng.choice([1, 7, 50, 10000])))
        elif form == "CSV":
            headers["Accept"] = "application/csv"
        elif form == "pretty":
            parameters["pretty"] = "true"

    # Running them.

    def differs(self, query):
        """(kind or None, the rule that expects it or None, theirs, mine)"""
        theirs, mine = self.servers.ask(query.text, query.parameters, query.headers)
        kind = difference(theirs, mine)
        rule = known.rule_of(query.text, theirs, mine, kind) if kind else None
        if kind and not rule:
            rule = self.rule_by_asking(query, kind, mine)
        return kind, rule, theirs, mine

    def rule_by_asking(self, query, kind, mine):
        """The rule that expects the difference, where only another question can tell."""
        if query.headers:
            # CSV does not show the errors of statements; JSON does.
            _, rule, _, _ = self.differs(Query(query.text, query.parameters, {}))
            if rule:
                return rule
        rule = self.rule_of_each(query)
        if rule:
            return rule
        if kind in ("values", "times") and known.CARDINALITY.match(query.text):
            theirs, mine = self.servers.ask(*query.at_twin())
            if not difference(theirs, mine):
                return "cardinality over shards"
        if known.may_depend_on_order(query.text, kind):
            text, parameters, headers = query.at_twin()
            theirs, mine = self.servers.ask(text, parameters, headers)
            found = difference(theirs, mine)
            if not found or known.rule_of(text, theirs, mine, found):
                return "equal times"
            whole, offset = known.without_offset(text)
            if whole and kind in ("series", "rows", "times", "values"):
                all_theirs, _ = self.servers.ask(whole, parameters, headers)
                if close(known.behind_offset(all_theirs, offset), known.merged(mine)):
                    return "OFFSET without LIMIT"
        for name, text in rewritten(query.text, kind):
            if name == "infinity" and "json: unsupported value" not in mine.body:
                continue
            found, rule, _, _ = self.differs(query.again(text))
            if not found or rule:
                return name
        bounded_text = known.with_lower_bound(query.text, kind)
        if bounded_text:
            found, rule, _, _ = self.differs(query.again(bounded_text))
            if not found or rule:
                return "buckets without a lower bound"
        return None

    def rule_of_each(self, query):
        """Of several statements: the rule that expects the difference of one, if no other differs
        without a rule."""
        texts = statements_of(query.text)
        if len(texts) < 2:
            return None
        rules = set()
        for text in texts:
            kind, rule, _, _ = self.differs(query.again(text))
            if kind and not rule:
                return None
            if kind:
                rules.add(rule)
        return min(rules, default=None)

    def run_query(self, query):
        kind, rule, theirs, mine = self.differs(query)
        with self.lock:
            self.compared += 1
            if kind is None:
                self.identical += 1
                return
            if rule:
                self.expected[rule] = self.expected.get(rule, 0) + 1
                return
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            worth = sum(group[0] for group in self.groups.values()) < self.options.shrink_max
        if worth:
            self.explain(query, kind, theirs, mine)

    def explain(self, query, kind, theirs, mine):
        """Makes the query smaller and files it with those like it."""
        def same(text):
            found, rule, _, _ = self.differs(query.again(text))
            return found == kind and not rule
        smaller = shrink(query.text, same)
        found, _, first, second = self.differs(query.again(smaller))
        if found == kind:
            theirs, mine = first, second
        else:
            smaller = query.text + "  (not reproduced)"
        key = signature(kind, smaller, FIELD_TYPES)
        if kind in ("error text", "no error", "an error"):
            key = f"{kind}: {known.describe(theirs, 80)} / {known.describe(mine, 80)}"
        with self.lock:
            group = self.groups.setdefault(key, [0, smaller, theirs, mine, query])
            group[0] += 1
            if len(smaller) < len(group[1]):
                group[1:] = [smaller, theirs, mine, query]

    def run_scenario(self, requests):
        """Statements that change a database of their own, and reads of it; all are compared."""
        self.scenarios += 1
        db = f"s{self.scenarios}"
        data.fill_database(self.rng, self.servers.both, self.servers.write, db, twin=False)
        done = []
        for text in requests:
            done.append(text)
            query = Query(text, {"db": db, "epoch": "ns"}, {})
            kind, rule, theirs, mine = self.differs(query)
            self.compared += 1
            if kind is None:
                self.identical += 1
                continue
            if rule:
                self.expected[rule] = self.expected.get(rule, 0) + 1
                continue
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            key = f"after a change, {kind}: {signature(kind, requests[0], FIELD_TYPES)} {text}"
            self.groups.setdefault(key, [0, " ;; ".join(done), theirs, mine, query])[0] += 1
        self.servers.both(f"DROP DATABASE {db}")

    def run(self):
        self.servers.both("CREATE DATABASE scratch")
        started = time.monotonic()
        db = None
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            while self.cover.made < self.options.queries:
                if self.cover.made >= self.databases * QUERIES_PER_DATABASE:
                    db = self.new_database()
                batch = []
                for _ in range(min(BATCH, self.options.queries - self.cover.made)):
                    made = self.make(db)
                    self.cover.finish_query()
                    if isinstance(made, list):
                        self.run_scenario(made)
                    else:
                        batch.append(made)
                list(pool.map(self.run_query, batch))
                if self.options.seconds and time.monotonic() - started > self.options.seconds:
                    break
        self.seconds = time.monotonic() - started

    def report(self):
        for key, (count, text, theirs, mine, query) in sorted(self.groups.items(),
                                                              key=lambda item: -item[1][0]):
            print(f"\n{count} x {key}\n  > {text}")
            print(known.describe_both(theirs, mine))
            if self.options.verbose:
                print(f"  from: {query.text}\n  {query.parameters} {query.headers}")
        print("\nin so many queries:")
        print(self.cover.report())
        rare = self.cover.rare()
        if rare:
            print("in fewer than one of 400:", ", ".join(rare))
        judged = self.compared - sum(self.expected.values())
        percent = 100.0 * self.identical / max(1, judged)
        print(f"\nseed {self.options.seed}: {self.compared} answers in {self.seconds:.0f} s, "
              f"{self.identical} identical ({percent:.2f} % of what is not expected to differ), "
              f"expected {self.expected or 0}, different {self.kinds or 0}, "
              f"restarts {self.servers.restarts}")
        return percent >= self.options.min_identical


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queries", type=int, default=20000)
    parser.add_argument("--seconds", type=int, default=0, help="stop after so long; 0 = do not")
    parser.add_argument("--min-identical", type=float, default=99.5, help="percent")
    parser.add_argument("--without", default=[], type=lambda text: text.split(","),
                        help="productions to leave out: subqueries, into, show time")
    parser.add_argument("--shrink-max", type=int, default=300,
                        help="so many differences are made smaller")
    parser.add_argument("--verbose", action="store_true", help="show the whole queries too")
    options = parser.parse_args()
    with Servers(options.build) as servers:
        tester = Tester(options, servers)
        tester.run()
        good = tester.report()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
