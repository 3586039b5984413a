"""SELECT statements over the whole grammar."""

from .calls import ANY, Calls
from .conditions import Bounds, Conditions
from .data import DAY_S, DAYS, NUMERIC
from .names import duration, ident
from .sources import Source, measurement_source

INTERVALS = [60, 300, 600, 1200, 3600, 5400, 7200, 21600, 43200, DAY_S, 2 * DAY_S, 7 * DAY_S]
BUCKETS_MAX = 300
ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "UTC", "Australia/Lord_Howe"]


class SelectMaker:
    def __init__(self, rng, cover, db, without=()):
        self.rng = rng
        self.cover = cover
        self.db = db
        self.without = without

    def select(self, depth=0, descending=None):
        """(text, Source of its columns as an outer query sees them)"""
        source = self._source(depth)
        if descending is None:
            descending = source.descending
        shape = self.cover.pick("shape", {
            "raw": 8, "aggregates": 7, "selector with fields": 2.5, "transform": 2.5,
            "transform of aggregate": 3, "ranking": 1.5, "sample": 0.6, "distinct": 0.8,
            "holt_winters": 0.25, "mixed": 0.5})
        calls = Calls(self.rng, self.cover, source)
        grouped = shape not in ("raw", "transform") and (
            shape in ("transform of aggregate", "holt_winters") or
            self.cover.maybe("group by.time", 0.5))
        fields = getattr(self, "_" + shape.replace(" ", "_"))(calls, grouped)
        columns = {}
        if depth > 0:
            fields = [self._aliased(field, columns) for field in fields]
        bounds = Bounds(self.rng, self.cover, needs_high=grouped,
                        needs_low=grouped and (depth > 0 or self.rng.random() < 0.8))
        text = "SELECT " + ", ".join(fields) + " FROM " + source.text
        text += self._where(source, bounds)
        dimensions, tags = self._dimensions(source, bounds, grouped, shape)
        if dimensions:
            text += " GROUP BY " + ", ".join(dimensions)
        text += self._tail(grouped, shape, depth, descending)
        order = text.upper().rpartition("ORDER BY")[2]
        return text, Source("", columns, tags, order != text.upper() and "DESC" in order)

    def _source(self, depth):
        if depth > 2 or "subqueries" in self.without or not self.cover.maybe(
                "from.subquery", 0.12):
            return measurement_source(self.rng, self.cover, self.db)
        text, inner = self.select(depth + 1)
        text = f"({text})"
        if depth == 0 and self.cover.maybe("from.several subqueries", 0.05):
            other, second = self.select(depth + 1, inner.descending)
            text += f", ({other})"
            inner.fields.update(second.fields)
        return Source(text, inner.fields, inner.tags, inner.descending)

    def _aliased(self, field, columns):
        """Inner columns mostly get a name that the outer query can use."""
        if "*" in field or field.startswith("/") or field == "time":
            return field
        name = self.rng.choice(["p", "q", "r", "v"])
        if name in columns:
            return field
        columns[name] = "float"
        return f"{field.split(' AS ')[0]} AS {name}"

    # The field list.

    def _alias(self, field):
        if self.cover.maybe("alias", 0.12):
            return f"{field} AS {ident(self.rng, self.rng.choice(['a1', 'b b', 'v', 'mean']))}"
        return field

    def _raw(self, calls, _grouped):
        fields = []
        for _ in range(self.rng.choice([1, 1, 2, 2, 3, 4])):
            form = self.cover.pick("field", {
                "reference": 8, "tag": 1.5, "wildcard": 1.2, "field wildcard": 0.3,
                "tag wildcard": 0.3, "regex": 0.6, "arithmetic": 4, "unknown": 0.3, "time": 0.3,
                "math": 1, "paren": 0.2})
            fields.append({
                "reference": lambda: self._alias(calls.field(ANY)),
                "tag": lambda: self._alias(calls.tag()),
                "wildcard": lambda: "*", "field wildcard": lambda: "*::field",
                "tag wildcard": lambda: "*::tag",
                "regex": lambda: self.rng.choice(["/v/", "/^[a-n]/", "/./", "/host|s/"]),
                "arithmetic": lambda: self._alias(
                    calls.arithmetic(lambda: calls.field(NUMERIC))),
                "unknown": lambda: "nofield", "time": lambda: "time",
                "math": lambda: self._alias(calls.math(lambda: calls.field(NUMERIC))),
                "paren": lambda: f"({calls.field(ANY)})"}[form]())
        return fields

    def _aggregates(self, calls, _grouped):
        fields = []
        for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3])):
            form = self.cover.pick("call field", {"call": 8, "arithmetic": 2, "math": 1})
            if form == "call":
                fields.append(self._alias(calls.plain_call()))
                continue
            plain = (lambda: calls.plain_call(calls.field(NUMERIC, casts=False)))
            make = calls.arithmetic if form == "arithmetic" else calls.math
            fields.append(self._alias(make(plain)))
        return fields

    def _beside(self, calls):
        """Plain fields and tags beside a selector."""
        fields = []
        for _ in range(self.rng.randint(1, 2)):
            fields.append(self.rng.choice([
                calls.tag, lambda: calls.field(ANY), lambda: "*",
                lambda: calls.arithmetic(lambda: calls.field(NUMERIC))])())
        return fields

    def _selector_with_fields(self, calls, _grouped):
        fields = [self._alias(calls.selector(calls.field(ANY)))] + self._beside(calls)
        self.rng.shuffle(fields)
        return fields

    def _transform(self, calls, _grouped):
        fields = [self._alias(calls.stream())]
        if self.rng.random() < 0.2:
            fields.append(calls.stream())
        return fields

    def _transform_of_aggregate(self, calls, _grouped):
        inner = (lambda: calls.plain_call(calls.field(NUMERIC)))
        fields = [self._alias(calls.stream(inner))]
        if self.rng.random() < 0.25:
            fields.append(self.rng.choice([lambda: calls.stream(inner), inner])())
        return fields

    def _ranking(self, calls, _grouped):
        fields = [self._alias(calls.ranking())]
        return fields + (self._beside(calls) if self.rng.random() < 0.3 else [])

    def _sample(self, calls, _grouped):
        return [calls.sample()] + (self._beside(calls) if self.rng.random() < 0.3 else [])

    def _distinct(self, calls, _grouped):
        return [self._alias(calls.distinct())]

    def _holt_winters(self, calls, _grouped):
        return [calls.holt_winters(lambda: calls.plain_call(calls.field(NUMERIC)))]

    def _mixed(self, calls, grouped):
        """What does not always go together; errors are compared too."""
        inner = (lambda: calls.plain_call()) if grouped else None
        makers = [calls.plain_call, calls.ranking, calls.distinct, lambda: calls.field(ANY),
                  lambda: calls.stream(inner), calls.sample]
        return [self.rng.choice(makers)() for _ in range(2)]

    # The clauses.

    def _where(self, source, bounds):
        terms = list(bounds.terms)
        if self.cover.maybe("clause.where", 0.4):
            condition = Conditions(self.rng, self.cover, source).tree()
            if terms and (" or " in condition or " OR " in condition):
                condition = f"({condition})"
            terms.append(condition)
        self.rng.shuffle(terms)
        return " WHERE " + " AND ".join(terms) if terms else ""

    def _interval(self, bounds, shape):
        low = bounds.low_s
        span = bounds.high_s - low + 2 * DAY_S if low is not None else (DAYS + 2) * DAY_S
        most = 40 if shape == "holt_winters" else BUCKETS_MAX
        fits = [one for one in INTERVALS if span / one <= most]
        return self.rng.choice(fits or [7 * DAY_S])

    def _time_dimension(self, bounds, shape):
        interval = duration(self._interval(bounds, shape))
        # Shifted buckets without a lower bound begin in 1677, and there are millions of them.
        if bounds.low_s is not None and self.cover.maybe("group by.time offset", 0.15):
            sign = self.rng.choice(["", "-"])
            return f"time({interval}, {sign}{duration(self.rng.choice([1, 300, 5400, 90000]))})"
        return f"time({interval})"

    def _dimensions(self, source, bounds, grouped, shape):
        dimensions = []
        tags = {}
        form = self.cover.pick("group by", {
            "nothing": 5, "tags": 3, "wildcard": 0.7, "regex": 0.5, "unknown": 0.3})
        if form == "tags" and source.tags:
            names = self.rng.sample(sorted(source.tags), self.rng.randint(1, len(source.tags)))
            tags = {name: source.tags[name] for name in names}
            dimensions += [ident(self.rng, name) for name in names]
        elif form == "wildcard":
            tags = source.tags
            dimensions.append("*")
        elif form == "regex":
            dimensions.append(self.rng.choice(["/host/", "/./", "/^[a-d]/", "/nothing/"]))
        elif form == "unknown":
            dimensions.append("notag")
        if grouped:
            dimensions.append(self._time_dimension(bounds, shape))
            self.rng.shuffle(dimensions)
        return dimensions, tags

    def _tail(self, grouped, shape, depth, descending):
        text = ""
        if grouped and self.cover.maybe("clause.fill", 0.5):
            fill = self.cover.pick("fill", {"null": 1, "none": 2, "previous": 2, "linear": 2,
                                            "number": 2})
            if fill == "number":
                fill = self.rng.choice(["0", "7", "-3", "1.5", "100"])
            text += f" {self.rng.choice(['fill', 'FILL'])}({fill})"
        if descending or (descending is None and self.cover.maybe("order by.time DESC", 0.15)):
            text += " ORDER BY " + self.rng.choice(["time DESC", "time desc", "DESC"])
        elif self.cover.maybe("order by.time ASC", 0.05):
            text += " ORDER BY " + self.rng.choice(["time", "time ASC", "ASC"])
        for word, chance, most in (("LIMIT", 0.2, 8), ("OFFSET", 0.1, 5), ("SLIMIT", 0.1, 3),
                                   ("SOFFSET", 0.06, 2)):
            # Inside a subquery they are unreliable in every InfluxDB 1.x.
            if depth == 0 and self.cover.maybe(f"clause.{word}", chance):
                low = 6 if shape == "ranking" and word == "LIMIT" else 1
                text += f" {word} {self.rng.randint(low, most)}"
        if depth == 0 and self.cover.maybe("clause.tz", 0.08):
            text += f" tz('{self.rng.choice(ZONES)}')"
        return text
