"""Whether two answers are the same.

They are when they are equal as JSON (or CSV), with numbers apart by no more than RELATIVE. Where
InfluxQL leaves the order open is known.py's to say."""

import csv
import io
import json
import math
import re

# Sums are formed in another order here and there; nothing else loses digits.
RELATIVE = 1e-9
ABSOLUTE = 1e-9
# Integers from here on may be floats without fraction, of powers.
LARGE = 10**14

# A regex where one may begin, strings, quoted names, numbers with units, words, operators.
TOKEN = re.compile(r"""\s*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[0-9]+[a-zµ0-9]*(?:\.[0-9]*)?
                       |\.[0-9]+
                       |\$?[A-Za-z_][A-Za-z0-9_]*|::|<=|>=|<>|!=|=~|!~|.)""", re.X | re.S)
REGEX = re.compile(r"\s*/(?:\\.|[^/\\\n])*/")
BEFORE_REGEX = re.compile(r"(?i)^\s*(?:select|from|by|key|measurement|where|and|or|[,(.]|=~|!~)$")


def tokens(text):
    """The text cut into tokens, white space with the token behind it."""
    out = []
    at = 0
    while at < len(text):
        match = None
        if not out or BEFORE_REGEX.match(out[-1]):
            match = REGEX.match(text, at)
        match = match or TOKEN.match(text, at)
        if not match:
            break
        out.append(match.group())
        at = match.end()
    return out


def statements_of(text):
    """The statements of a request."""
    out = [""]
    for token in tokens(text):
        if token.strip() == ";":
            out.append("")
        else:
            out[-1] += token
    return [statement for statement in out if statement.strip()]


def close(mine, theirs):
    if type(mine) in (int, float) and type(theirs) in (int, float):
        integers = isinstance(mine, int) and isinstance(theirs, int)
        if integers and max(abs(mine), abs(theirs)) < LARGE:
            return mine == theirs
        return math.isclose(mine, theirs, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    if isinstance(mine, list) and isinstance(theirs, list):
        return len(mine) == len(theirs) and all(close(a, b) for a, b in zip(mine, theirs))
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(close(mine[key], theirs[key]) for key in mine)
    return type(mine) is type(theirs) and mine == theirs


def parse(answer):
    """The documents of an answer: a list of JSON values, or of rows of CSV; None if unreadable."""
    if "csv" in answer.kind:
        return [[_cell(cell) for cell in row] for row in csv.reader(io.StringIO(answer.body))]
    try:
        return [json.loads(line) for line in answer.body.split("\n") if line.strip()]
    except ValueError:
        pass
    try:
        return [json.loads(answer.body)]
    except ValueError:
        return None


def _cell(text):
    try:
        return float(text) if "." in text or "e" in text else int(text)
    except ValueError:
        return text


def series_of(documents):
    """Every series of the documents, in order."""
    for document in documents:
        if isinstance(document, dict):
            for result in document.get("results", []):
                yield from result.get("series", [])


def errors_of(documents):
    out = []
    for document in documents or []:
        if isinstance(document, dict):
            out += [document["error"]] if "error" in document else []
            out += [r["error"] for r in document.get("results", []) if "error" in r]
    return out


def difference(theirs, mine):
    """None if the answers are the same, else the kind of difference."""
    if mine.status == 0 or theirs.status == 0:
        return None if mine.status == theirs.status else "no answer"
    first, second = parse(theirs), parse(mine)
    if first is None or second is None:
        return None if theirs.body == mine.body else "not JSON"
    their_errors, my_errors = errors_of(first), errors_of(second)
    if their_errors != my_errors:
        if their_errors and my_errors:
            return "error text"
        return "no error" if their_errors else "an error"
    if mine.status != theirs.status:
        return f"status {theirs.status} became {mine.status}"
    if close(second, first):
        return None
    return _kind(list(series_of(first)), list(series_of(second)))


def _kind(theirs, mine):
    if [_label(one) for one in theirs] != [_label(one) for one in mine]:
        return "series"
    if [one.get("columns") for one in theirs] != [one.get("columns") for one in mine]:
        return "columns"
    for first, second in zip(theirs, mine):
        if len(first.get("values", [])) != len(second.get("values", [])):
            return "rows"
        if _times(first) != _times(second):
            return "times"
    same = all(_sorted_rows(first) == _sorted_rows(second) for first, second in zip(theirs, mine))
    return "order of equal times" if same and theirs else "values"


def _times(series):
    return [row[0] for row in series.get("values", [])]


def _label(series):
    return series.get("name"), sorted(series.get("tags", {}).items())


def _sorted_rows(series):
    return sorted(json.dumps(row) for row in series.get("values", []))
