"""SHOW and EXPLAIN, bound parameters, several statements in one request, and scenarios that change
what is stored."""

import json

from .conditions import Bounds, Conditions
from .names import ident
from .sources import ALL, Source, plain_source

TAGS = {"host": ["a", "b", "c"], "region": ["us", "eu"], "dc": ["x"]}
KEYS = ["= host", "= \"region\"", "!= host", "=~ /o/", "!~ /h/", "IN (host, region)",
        "IN (\"t k\")", "= nosuch"]


class StatementMaker:
    def __init__(self, rng, cover, db, selects, without=()):
        self.rng = rng
        self.cover = cover
        self.db = db
        self.selects = selects
        self.without = without

    def show(self):
        form = self.cover.pick("show", {
            "MEASUREMENTS": 2, "SERIES": 2, "TAG KEYS": 2, "TAG VALUES": 3, "FIELD KEYS": 2,
            "RETENTION POLICIES": 0.3, "SERIES CARDINALITY": 1, "MEASUREMENT CARDINALITY": 1,
            "TAG KEY CARDINALITY": 1, "TAG VALUES CARDINALITY": 1, "FIELD KEY CARDINALITY": 1,
            "SERIES EXACT CARDINALITY": 1, "MEASUREMENT EXACT CARDINALITY": 1,
            "TAG KEY EXACT CARDINALITY": 1, "TAG VALUES EXACT CARDINALITY": 1,
            "FIELD KEY EXACT CARDINALITY": 1})
        text = "SHOW " + form
        if self.cover.maybe("show.ON", 0.15):
            text += " ON " + ident(self.rng, self.db)
        if form == "RETENTION POLICIES":
            return text
        if form == "MEASUREMENTS":
            if self.cover.maybe("show.WITH MEASUREMENT", 0.3):
                text += " WITH MEASUREMENT " + self.rng.choice(
                    ["= cpu", "=~ /c|m/", "= nosuch", "=~ /^odd/", "= \"odd m\""])
        elif self.cover.maybe("show.FROM", 0.4):
            text += " FROM " + plain_source(self.rng, self.cover)
        if form.startswith("TAG VALUES"):
            key = self.rng.choice(KEYS)
            text += " WITH KEY " + key
        if form != "FIELD KEYS" and self.cover.maybe("show.WHERE", 0.35):
            text += self._show_where(form)
        return text + self._paging(form)

    def _show_where(self, form):
        terms = [Conditions(self.rng, self.cover, Source("", {}, TAGS)).tag_tree()]
        takes_time = ("show time" not in self.without and
                      form in ("SERIES", "TAG KEYS", "TAG VALUES"))
        if takes_time and self.cover.maybe("show.WHERE time", 0.2):
            terms = [f"({terms[0]})"] if self.rng.random() < 0.5 else []
            terms += Bounds(self.rng, self.cover, needs_low=True).terms
        return " WHERE " + " AND ".join(terms)

    def _paging(self, form):
        text = ""
        if "CARDINALITY" not in form and self.cover.maybe("show.ORDER BY", 0.05):
            text += " ORDER BY " + self.rng.choice(["time", "ASC", "DESC"])
        for word in ("LIMIT", "OFFSET"):
            if self.cover.maybe(f"show.{word}", 0.15):
                text += f" {word} {self.rng.randint(1, 4)}"
        return text

    def bound(self):
        """(statement, params) with values bound to names."""
        form = self.cover.pick("bound", {"string": 2, "integer": 2, "float": 1, "boolean": 1,
                                         "identifier": 1, "regex": 1, "duration": 1, "missing": 0.8,
                                         "wrong": 0.8})
        low = "time >= '2020-03-06' AND time < '2020-03-10'"
        text, value = {
            "string": ("SELECT v FROM cpu WHERE host = $p", self.rng.choice(["a", "b", "x'y"])),
            "integer": ("SELECT v FROM cpu WHERE n > $p LIMIT 5", self.rng.randint(-5, 5)),
            "float": ("SELECT v, n FROM cpu WHERE v < $p LIMIT 5", round(self.rng.random(), 3)),
            "boolean": ("SELECT b FROM cpu WHERE b = $p LIMIT 5", self.rng.random() < 0.5),
            "identifier": ("SELECT mean($p) FROM cpu", {"identifier": self.rng.choice("vn")}),
            "regex": ("SELECT count(v) FROM cpu WHERE host =~ $p", {"regex": "^[ab]$"}),
            "duration": (f"SELECT mean(v) FROM cpu WHERE {low} GROUP BY time($p)",
                         {"duration": self.rng.choice(["6h", "1d", "90m"])}),
            "missing": ("SELECT v FROM cpu WHERE host = $nosuch", 1),
            "wrong": ("SELECT v FROM cpu WHERE host = $p",
                      self.rng.choice([None, {}, {"what": 1}, {"string": "a", "float": 1}]))}[form]
        return text, json.dumps({"p": value})

    def several(self):
        """Statements of one request."""
        self.cover.hit("several statements")
        makers = [lambda: self.selects.select()[0], self.show]
        texts = [self.rng.choice(makers)() for _ in range(self.rng.randint(2, 3))]
        return self.rng.choice(["; ", ";", ";\n"]).join(texts) + self.rng.choice(["", ";"])

    def explain(self):
        """EXPLAIN of a statement that is wrong; plans are each server's own."""
        self.cover.hit("explain")
        return self.rng.choice(["EXPLAIN", "EXPLAIN ANALYZE"]) + " " + self.rng.choice(
            ["SELECT", "SHOW MEASUREMENTS", "SELECT v FROM", "SELECT v FORM cpu", "", "DROP x"])

    # Scenarios: lists of requests to a database of their own, each answer compared.

    def scenario(self):
        names = ["delete", "delete where", "drop series", "drop measurement"]
        if "into" not in self.without:
            names.append("into")
        form = self.cover.pick("change", {name: 1 for name in names})
        requests = [getattr(self, "_" + form.replace(" ", "_"))()
                    for _ in range(self.rng.randint(1, 2))]
        # No wildcards: influxd's index keeps fields and tags of what is gone.
        reads = ["SHOW SERIES", "SHOW SERIES CARDINALITY",
                 "SELECT v, n, host FROM /c|m/ ORDER BY time", "SELECT \"f k\" FROM \"odd m\"",
                 "SELECT count(v), count(n) FROM /c|d|m/ GROUP BY host, region, \"t k\"",
                 "SELECT v FROM other.only, other.cpu GROUP BY host",
                 "SELECT v, host FROM copied, other.copied, into2"]
        return requests + reads

    def _changed_source(self):
        return self.rng.choice(["cpu", "mem", "/c|d/", "cpu, mem", "\"odd m\"", "nosuch", "/.*/"])

    def _tag_condition(self):
        one = self.rng.choice([one for one in ALL if one.policy is None])
        tags = {key: [value for value in values if value] for key, values in one.tags.items()}
        return Conditions(self.rng, self.cover, Source("", one.fields, tags)).tag_tree()

    def _delete(self):
        text = "DELETE FROM " + self._changed_source()
        bounds = Bounds(self.rng, self.cover, needs_high=True)
        return text + (" WHERE " + " AND ".join(bounds.terms) if self.rng.random() < 0.7 else "")

    def _delete_where(self):
        terms = Bounds(self.rng, self.cover, needs_low=True).terms
        if self.rng.random() < 0.6:
            terms.append(f"({self._tag_condition()})")
        source = f" FROM {self._changed_source()}" if self.rng.random() < 0.5 else ""
        return f"DELETE{source} WHERE " + " AND ".join(terms)

    def _drop_series(self):
        if self.rng.random() < 0.3:
            return "DROP SERIES FROM " + self._changed_source()
        source = f" FROM {self._changed_source()}" if self.rng.random() < 0.6 else ""
        return f"DROP SERIES{source} WHERE {self._tag_condition()}"

    def _drop_measurement(self):
        return "DROP MEASUREMENT " + self.rng.choice(["cpu", "mem", "\"odd m\"", "nosuch", "mix"])

    def _into(self):
        target = self.rng.choice(["copied", "other.copied", "other.:MEASUREMENT", "into2"])
        text = self.rng.choice([
            "SELECT mean(v) AS v INTO {} FROM cpu WHERE time >= '2020-03-06' AND "
            "time < '2020-03-10' GROUP BY time(6h), host",
            "SELECT v, n INTO {} FROM cpu GROUP BY *",
            "SELECT max(v), n INTO {} FROM mem GROUP BY *",
            "SELECT top(v, host, 3) INTO {} FROM cpu",
            "SELECT count(*) INTO {} FROM /c|m/ GROUP BY *"])
        return text.format(target)
