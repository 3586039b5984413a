"""Differences that are meant; docs/conformance.md has the table with the reasons.

A rule is a name and a predicate over (text, theirs, mine, kind): the query, both answers and the
kind of difference. Each is as narrow as its reason."""

import re

from .compare import close, errors_of, parse, series_of


def _errors(answer):
    return errors_of(parse(answer) or [])


def _infinite(_text, theirs, mine, _kind):
    return "json: error calling MarshalJSON" in theirs.body and (
        "json: unsupported value" in mine.body)


def _masked(_text, theirs, mine, kind):
    return kind == "error text" and "not executed" in _errors(theirs) and bool(_errors(mine))


def _math_type(_text, _theirs, mine, kind):
    return kind in ("an error", "error text") and any(
        re.match(r"invalid argument type for the (first|second) argument in \w+\(\): ", text)
        for text in _errors(mine))


def _csv_of_int(text, theirs, _mine, _kind):
    return "csv" in theirs.kind and bool(re.search(r"(?i)show\s+retention\s+policies", text))


def _order_of_integrals(text, theirs, mine, kind):
    """Series in the order of a Go map."""
    if kind != "series" or not re.search(r"(?i)\bintegral\s*\(", text):
        return False
    first, second = (sorted(series_of(parse(answer)), key=lambda one: repr(_label(one)))
                     for answer in (theirs, mine))
    return bool(first) and close(first, second)


def _label(series):
    return series.get("name"), sorted(series.get("tags", {}).items())


def _unsigned(_text, theirs, mine, kind):
    return kind in ("error text", "values") and (
        mine.body.replace("integer, unsigned, string", "integer, string") == theirs.body)


def _bound_object(_text, theirs, mine, kind):
    return kind == "error text" and theirs.body.replace("missing parameter: ", "") == mine.body


def _panic(_text, theirs, _mine, _kind):
    return "[panic:" in theirs.body


EXTENSIONS = re.compile(r"(?i)\b(having|join)\b|\border\s+by\s+(?!\"?time|asc|desc)")

RENAME = re.compile(r"(?i)^\s*alter\s+(database|measurement)\b")


def _extension(text, theirs, mine, kind):
    if kind == "error text" and RENAME.match(text):
        return "expected RETENTION" in theirs.body
    if kind == "error text" and "found HAVING, expected" in theirs.body:
        return True
    if kind == "error text" or kind.startswith("status"):
        return "only ORDER BY time supported" in theirs.body and (
            "ORDER BY: the select has no column" in mine.body)
    return bool(_errors(theirs)) and not _errors(mine) and bool(EXTENSIONS.search(text))


def _empty(answer):
    return not list(series_of(parse(answer) or [])) and not _errors(answer)


def _type_of_nothing(text, theirs, mine, kind):
    return kind == "an error" and _empty(theirs) and any(
        re.match(r"unsupported .* iterator type", error) for error in _errors(mine)) and bool(
            re.search(r"(?i)\bsoffset\b|\bwhere\b", text))


def _internal_name(_text, theirs, mine, kind):
    """Texts that show the names of Go's types."""
    first, second = _errors(theirs), _errors(mine)
    return kind == "error text" and len(first) == len(second) and all(
        "&influxql." in a or _plain(a) == _plain(b) for a, b in zip(first, second))


def _plain(error):
    return error.split(": *query.")[0].replace("_", " ").replace("non negative ", "")


def _chunks_of_show(text, theirs, mine, kind):
    return kind != "no answer" and bool(re.match(r"(?i)\s*show\b", text)) and (
        close(merged(theirs), merged(mine)))


def merged(answer):
    """Series with the rows of all their chunks."""
    out = []
    for series in series_of(parse(answer) or []):
        if out and _label(out[-1]) == _label(series):
            out[-1]["values"] += series.get("values", [])
        else:
            out.append({key: value for key, value in series.items() if key != "partial"})
    return out


def _show_by_time(text, _theirs, _mine, kind):
    return kind in ("rows", "values", "series", "times") and bool(
        re.search(r"(?is)show\s+(series|tag\s+values)\b.*\btime\b", text))


def _missing_tags(text, _theirs, _mine, kind):
    return kind in ("rows", "values", "series", "times") and bool(
        re.search(r"(?is)^\s*show\s+tag\s+values\s+(exact\s+)?cardinality.*\bwhere\b", text))


def _types_of_a_field(text, theirs, mine, kind):
    """The same rows in another order, which cuts a measurement's into several series."""
    if kind not in ("series", "rows", "times", "values", "order of equal times") or not re.search(
            r"(?i)show\s+field\s+keys\b.*\bdesc\b", text):
        return False
    return _sorted_rows(theirs) == _sorted_rows(mine)


def _sorted_rows(answer):
    return sorted(((_label(one), row) for one in series_of(parse(answer))
                   for row in one.get("values", [])), key=repr)


FILL_NUMBER = re.compile(r"(?i)\bfill\s*\(\s*(-?[0-9.]+)\s*\)")


def _number_in_text(text, theirs, mine, kind):
    """The number of fill() in columns of strings, tags and booleans; null instead."""
    found = FILL_NUMBER.search(text)
    if kind not in ("values", "order of equal times") or not found:
        return False
    number = float(found.group(1))
    first, second = parse(theirs), parse(mine)
    for one, other in zip(series_of(first), series_of(second)):
        for row, my_row in zip(one.get("values", []), other.get("values", [])):
            for at, (cell, my_cell) in enumerate(zip(row, my_row)):
                if my_cell is None and type(cell) in (int, float) and cell == number:
                    row[at] = None
    return close(second, first)


RULES = {
    "infinity": _infinite,
    "not executed": _masked,
    "type of a function's argument": _math_type,
    "int as CSV": _csv_of_int,
    "order of integrals": _order_of_integrals,
    "unsigned": _unsigned,
    "text of a bound object": _bound_object,
    "panic": _panic,
    "extensions": _extension,
    "type of nothing": _type_of_nothing,
    "internal names": _internal_name,
    "chunks of SHOW": _chunks_of_show,
    "SHOW by time": _show_by_time,
    "number in text": _number_in_text,
    "missing tags": _missing_tags,
    "types of a field": _types_of_a_field,
}


def rule_of(text, theirs, mine, kind):
    """The name of the rule that expects the difference, or None."""
    return next((name for name, rule in RULES.items() if rule(text, theirs, mine, kind)), None)


# What may depend on the order of rows of equal time or on the cut into shards.
ORDERED = re.compile(r"""(?ix)\b(limit|offset|slimit|soffset)\b | \bdistinct\b | \binto\b
    | \b(elapsed|\w*difference|\w*derivative|cumulative_sum|\w*moving_average
    |relative_strength_index|kaufmans\w+|chande\w+|triple_\w+|top|bottom|sample|percentile
    |mode|distinct|integral)\s*\(""")
CALL = re.compile(r"(?i)\b(count|sum|mean|median|spread|stddev|first|last|min|max)\s*\(")


def may_depend_on_order(text, kind):
    """True for raw rows and functions whose answer the order of rows of equal time changes."""
    if kind == "order of equal times":
        return True
    if kind == "series":
        return bool(re.search(r"(?i)\b(limit|offset|slimit|soffset)\b", text))
    return kind in ("values", "rows", "times") and (
        bool(ORDERED.search(text)) or not CALL.search(text) or _selects_point(text))


def _selects_point(text):
    """A selector with other columns beside it: which of equal points is chosen is open."""
    fields = text.upper().split(" FROM ")[0]
    return "," in fields and bool(re.search(r"(?i)\b(first|last|min|max)\s*\(", fields))


OFFSET = re.compile(r"(?i)\s+offset\s+([0-9]+)")


def without_offset(text):
    """(the query without OFFSET, its number) if there is no LIMIT; or (None, 0)."""
    found = OFFSET.findall(text)
    if len(found) != 1 or re.search(r"(?i)\blimit\b", text):
        return None, 0
    return OFFSET.sub("", text), int(found[0])


def behind_offset(answer, offset):
    """The series of a whole answer without their first rows."""
    out = []
    for series in merged(answer):
        rows = series.get("values", [])[offset:]
        if rows:
            out.append({**series, "values": rows})
    return out


NO_LOWER = re.compile(r"""(?isx)^\s*select\b
    (?! .* (\btime"?\s*(>|=) | <=?\s*"?time\b | [^<>]=\s*"?time\b))
    .* \bgroup\s+by\b .* \btime\s*\(""")


def with_lower_bound(text, kind):
    """The query with the lower bound that its buckets lack, or None."""
    if kind in ("error text", "columns", "no answer") or not NO_LOWER.match(text):
        return None
    return re.sub(r"(?i)\bwhere\b", "WHERE time >= '2020-03-01' AND", text, count=1)


CARDINALITY = re.compile(r"(?i)^\s*show\s+series\s+(exact\s+)?cardinality\b")


def describe(answer, length=500, start=0):
    body = answer.body.strip()
    return f"{answer.status} {'…' if start else ''}{body[start:start + length]}"


def describe_both(theirs, mine):
    """Both answers, from the first series and row that differ."""
    first, second = parse(theirs), parse(mine)
    one = list(series_of(first)) if first else []
    other = list(series_of(second)) if second else []
    for a, b in zip(one, other):
        if close(a, b):
            continue
        rows = [(x, y) for x, y in zip(a.get("values", []), b.get("values", [])) if not close(x, y)]
        counts = f"{len(a.get('values', []))} and {len(b.get('values', []))} rows"
        x, y = rows[0] if rows else ("", "")
        return (f"  influxd {_head(a)} {x}\n  varved  {_head(b)} {y}\n"
                f"  {len(one)} and {len(other)} series, {counts}, {len(rows)} differ")
    return f"  influxd {describe(theirs)}\n  varved  {describe(mine)}"


def _head(series):
    return f"{series.get('name')} {series.get('tags', '')} {series.get('columns')}"
