"""Queries that are wrong on purpose: their error texts are compared."""

from .compare import tokens

TEMPLATES = [
    "SELECT {f}({x}) FROM cpu", "SELECT {f}({x}, {x}) FROM cpu", "SELECT {f}() FROM cpu",
    "SELECT {f}({x}, {x}, {x}) FROM cpu", "SELECT {f}({x}) FROM cpu WHERE {t} GROUP BY time(1h)",
    "SELECT {f}({g}({x})) FROM cpu", "SELECT {f}({g}({x})) FROM cpu WHERE {t} GROUP BY time(6h)",
    "SELECT {f}({g}({x}), {x}) FROM cpu WHERE {t} GROUP BY time(6h)",
    "SELECT {f}({x}), {g}({x}) FROM cpu", "SELECT {f}({x}), {x} FROM cpu",
    "SELECT {x} FROM cpu GROUP BY {d}", "SELECT mean(v) FROM cpu WHERE {t} GROUP BY {d}",
    "SELECT mean(v) FROM cpu WHERE {t} GROUP BY {d}, {d}", "SELECT {x} {o} {x} FROM cpu",
    "SELECT v FROM cpu WHERE {x} {o} {x}", "SELECT v FROM cpu WHERE time {o} {x}",
    "SELECT v FROM cpu WHERE {f}({x}) {o} {x}", "SELECT v FROM cpu {c} {x}",
    "SELECT mean(v) FROM cpu WHERE {t} GROUP BY time(6h) fill({x})", "SELECT v FROM cpu fill({x})",
    "SELECT v FROM cpu ORDER BY {x}", "SELECT v FROM cpu tz({x})", "SELECT v::{x} FROM cpu",
    "SELECT v FROM {x}", "SELECT {x} AS {x} FROM cpu", "SHOW {w}", "SHOW {w} FROM {x}",
    "SHOW TAG VALUES WITH KEY {o} {x}", "DROP {w} {x}", "CREATE {w} {x}", "ALTER {w} {x}",
    "SELECT {f}({x} {o} {x}) FROM cpu", "SELECT {x} FROM _series", "SHOW MEASUREMENTS {c} {x}",
    "SELECT v FROM nodb..cpu", "SELECT v FROM norp.cpu", "SHOW SERIES ON nodb",
    "DELETE {c} {x}", "DROP SERIES {c} {x}", "KILL QUERY {x}", "GRANT {w} ON {x} TO {x}"]

FILLS = {
    "x": ["v", "n", "s", "b", "host", "*", "/v/", "1", "1.5", "'a'", "true", "1h", "-1", "$p",
          "time", "now()", "v + 1", "nofield", "'2020-03-06'", "*::tag", "distinct(v)", "(v)",
          "99999999999999999999", "", "mean(v)", "0", "\"\"", "''", "cpu", "INF", "2.", "-1h",
          "'exponential'"],
    "f": ["mean", "count", "sum", "first", "max", "percentile", "top", "bottom", "sample",
          "distinct", "derivative", "difference", "elapsed", "moving_average", "cumulative_sum",
          "integral", "holt_winters", "holt_winters_with_fit", "exponential_moving_average",
          "relative_strength_index", "chande_momentum_oscillator", "kaufmans_efficiency_ratio",
          "triple_exponential_derivative", "abs", "pow", "log", "atan2", "nosuch", "time",
          "non_negative_derivative", "non_negative_difference", "median", "mode", "spread",
          "stddev", "min", "last"],
    "d": ["time", "time()", "time(v)", "time(1)", "time(1h, 'x')", "time(1h, 1)",
          "time(1h, 1h, 1h)", "v", "1", "'a'", "mean(v)", "time(0s)", "time(-1h)",
          "time(1h, '2020-01-01T00:30:00Z')", "host", "*", "/h/", "v + 1", "true", "host, host"],
    "o": ["=", "!=", ">", "=~", "!~", "+", "/", "%", "&", "AND", "OR", "IN", "<>", "::", "^"],
    "c": ["LIMIT", "OFFSET", "SLIMIT", "SOFFSET", "GROUP BY", "ORDER BY", "WHERE", "FILL",
          "HAVING", "INTO", "FROM", "ON", "WITH"],
    "w": ["MEASUREMENTS", "SERIES", "TAG", "TAG KEYS", "TAG VALUES", "FIELD", "FIELD KEYS",
          "DATABASE", "RETENTION", "RETENTION POLICIES", "SHARD", "CARDINALITY", "SERIES EXACT",
          "EXACT", "USER", "CONTINUOUS", "SUBSCRIPTION", "MEASUREMENT", "GRANTS", "", "ALL"],
    "t": ["time >= '2020-03-06' AND time < '2020-03-10'"]}


def from_template(rng, cover):
    cover.hit("mistake.template")
    text = rng.choice(TEMPLATES)
    for key, choices in FILLS.items():
        mark = "{" + key + "}"
        while mark in text:
            text = text.replace(mark, rng.choice(choices), 1)
    return text


def mutated(rng, cover, text):
    """The text with one token taken away, doubled, swapped or replaced."""
    cover.hit("mistake.mutation")
    parts = tokens(text)
    at = rng.randrange(1, len(parts)) if len(parts) > 1 else 0
    action = rng.choice(["remove", "double", "swap", "replace"])
    if action == "remove":
        del parts[at]
    elif action == "double":
        parts.insert(at, parts[at])
    elif action == "swap" and at + 1 < len(parts):
        parts[at], parts[at + 1] = parts[at + 1], parts[at]
    else:
        parts[at] = " " + rng.choice(["(", ")", ",", "FROM", "v", "1", "'x'", "WHERE", "/a/", "*",
                                      "::", "BY", "=", "-", "1.5", "1h", "AND", ";", "."])
    return "".join(parts)
