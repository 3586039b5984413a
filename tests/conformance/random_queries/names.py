"""Names, literals and times as a query writes them."""

import datetime
import re

from .data import DAY_S, DAYS, START_S

BARE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def ident(rng, name):
    """The name, quoted where it has to be and sometimes where it need not."""
    if BARE.match(name) and rng.random() < 0.85:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def string(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def duration(seconds):
    """1h30m and the like."""
    text = ""
    for unit, size in UNITS:
        if seconds >= size and (unit != "w" or seconds % size == 0):
            text += f"{seconds // size}{unit}"
            seconds %= size
    return text or "0s"


def instant(rng, cover, seconds):
    """A time literal of the second, in any of the forms there are."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    form = cover.pick("time literal", {
        "date and time": 4, "RFC3339": 3, "RFC3339 with offset": 0.5, "fraction": 1,
        "nanoseconds": 2, "duration": 2, "sum": 1, "date": 1})
    if form == "date and time":
        return f"'{moment:%Y-%m-%d %H:%M:%S}'"
    if form == "RFC3339":
        return f"'{moment:%Y-%m-%dT%H:%M:%SZ}'"
    if form == "RFC3339 with offset":
        there = moment + datetime.timedelta(hours=5, minutes=30)
        return f"'{there:%Y-%m-%dT%H:%M:%S}+05:30'"
    if form == "fraction":
        return f"'{moment:%Y-%m-%d %H:%M:%S}.{rng.choice(['5', '123456789', '000001'])}'"
    if form == "nanoseconds":
        return f"{seconds}000000000"
    if form == "duration":
        return f"{seconds}s"
    if form == "sum":
        sign = rng.choice("+-")
        return f"'{moment:%Y-%m-%d %H:%M:%S}' {sign} {duration(rng.randint(1, 7200))}"
    return f"'{moment:%Y-%m-%d}'"


def some_second(rng):
    """A second of the data's span or a little beside it."""
    step = rng.choice([1, 600, 3600])
    return START_S + rng.randint(-DAY_S // 4 // step, (DAYS * DAY_S + DAY_S // 4) // step) * step


def number(rng, kind):
    if kind == "integer":
        return str(rng.choice([0, 1, 2, 3, 5, 7, 10, 100, rng.randint(0, 1000)]))
    return rng.choice(["0.5", "1.5", "2.0", "10.", ".25", "0.0", f"{rng.uniform(0, 50):.2f}"])
