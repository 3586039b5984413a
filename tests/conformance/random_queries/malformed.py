"""Queries that nobody means: valid ones damaged in one or several ways, as bytes."""

from .compare import tokens
from .shrink import bounded

DAMAGE_MAX = 3
DEPTHS = [10, 100, 1000, 5000]
LENGTHS = [100, 1000, 5000]
HUGE = ["9223372036854775807", "9223372036854775808", "18446744073709551616", "9" * 400, "1e400",
        "0." + "0" * 300 + "1", "." + "9" * 50, "-9223372036854775809", "99999999999w", "00012",
        "1" * 30 + "h", "0x7f", "1_000", "1.2.3", "5ns5u5ms", "0s"]
PIECES = ["(", ")", ",", ";", ".", "::", "=~", "!~", "$", "$p", '"', "'", "/", "\\", "--", "/*",
          "*/", "{", "}", "[", "%", "%00", "\x7f", "\t", "\r\n", "SELECT", "FROM", "WHERE", "AND",
          "INTO", "GROUP BY", "time(", "fill(", "tz('", "*::", "AS", "DISTINCT", "IN", "NaN", "INF"]


def truncated(rng, text):
    return text[:rng.randrange(len(text) + 1)]


def swapped(rng, text):
    parts = tokens(text)
    for _ in range(rng.randint(1, 4)):
        one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
        parts[one], parts[other] = parts[other], parts[one]
    return "".join(parts)


def pieces(rng, text):
    """Tokens of the language and of none, put in anywhere."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        space = rng.choice(["", " "])
        text = text[:at] + space + rng.choice(PIECES) + space + text[at:]
    return text


def huge_numbers(rng, text):
    parts = tokens(text)
    numbers = [i for i, part in enumerate(parts) if part.strip()[:1].isdigit()]
    at = rng.choice(numbers) if numbers else rng.randrange(len(parts))
    parts[at] = " " + rng.choice(HUGE)
    return "".join(parts)


def nested(rng, text):
    """Something inside itself, many times; whole or one closing mark short."""
    depth = rng.choice(DEPTHS)
    opening, core, closing = rng.choice([
        ("(", "v", ")"), ("abs(", "v", ")"), ("-(", "v", ")"), ("mean(", "v", ")"),
        ("v + (", "n", ")"), ("difference(", "v", ")")])
    inner = opening * depth + core + closing * (depth - rng.randint(0, 1))
    forms = [f"SELECT {inner} FROM cpu LIMIT 1", f"SELECT v FROM cpu WHERE {inner} > 1 LIMIT 1",
             "SELECT v FROM (" * min(depth, 100) + "SELECT v FROM cpu" + ")" * min(depth, 100),
             f"SELECT v FROM cpu WHERE {'(' * depth}v > 1{')' * depth} LIMIT 1",
             f"SELECT {inner} {text}"]
    return rng.choice(forms)


def long(rng, text):
    count = rng.choice(LENGTHS)
    return rng.choice([
        lambda: "SELECT " + ", ".join(["v"] * count) + " FROM cpu LIMIT 1",
        lambda: "SELECT v FROM cpu WHERE " + " OR ".join(["v = 1"] * count) + " LIMIT 1",
        lambda: "SELECT v FROM cpu WHERE " + " + ".join(["v"] * count) + " > 1 LIMIT 1",
        lambda: f"SELECT {'x' * count} FROM cpu", lambda: f"SELECT v FROM \"{'m' * count}\"",
        lambda: f"SELECT v FROM cpu WHERE host = '{'h' * count}'",
        lambda: f"SELECT v FROM cpu WHERE host =~ /{'a?' * min(count, 1000)}/",
        lambda: text + " " * count, lambda: text + ";" * count, lambda: text + " ," * count,
        lambda: ";".join(["SHOW DATABASES"] * min(count, 500)),
        lambda: "-- " + "c" * count + "\n" + text, lambda: "/*" + "c" * count + text])()


def with_bytes(rng, data):
    """Bytes that are no UTF-8, and control characters."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + bytes([rng.choice([0, 1, 9, 10, 13, 27, 127, 128, 0xc3, 0xe2, 0xfe, 0xff,
                                              rng.randrange(256)])]) + data[at:]
    return data


DAMAGES = {"truncated": truncated, "swapped": swapped, "pieces": pieces,
           "huge numbers": huge_numbers, "nested": nested, "long": long}


def malformed(rng, make):
    """(the damages, the query as bytes); make() gives a query that is right."""
    while True:
        text = make()
        names = rng.choices(list(DAMAGES), [5, 5, 6, 4, 1.5, 1.5], k=rng.randint(1, DAMAGE_MAX))
        for name in names:
            text = DAMAGES[name](rng, text or "SELECT")
        data = text.encode()
        if rng.random() < 0.25:
            names.append("bytes")
            data = with_bytes(rng, data)
        # What both servers would work at for long, or what takes the data away, tells nothing.
        if bounded(text) and b"DROP " not in data.upper():
            return names, data
