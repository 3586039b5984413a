"""Differences that are meant and that another question tells: without what the servers read
differently, the query has to be answered the same by both.

Each rewrite is a name in docs/conformance.md, which has the reasons, and a function of a query's
text that takes away what differs; the text itself where there is nothing of it."""

import re

TAG = r'"?\b(?:host|region|dc|t k|path|nosuch)"?(?:::tag)?'
TEST_OF_TAG = re.compile(rf"(?i){TAG}\s*(?:<=|>=|<(?!>)|>)\s*'[^']*'")
IS_FALSE = re.compile(r'(?i)(?<=[\w"])\s*(?:=\s*false|(?:!=|<>)\s*true)\b')
RANKING = re.compile(r"(?i)\b(top|bottom)\s*\(")
LIMITS = re.compile(r"(?i)\s+(limit|offset)\s+[0-9]+")
SAMPLE = re.compile(r"(?i)(\bsample\s*\([^()]*,\s*)[0-9]{1,2}(\s*\))")
SEASONS = re.compile(r"(?i)(\bholt_winters\w*\s*\(.*,\s*)[2-9](\s*\))")
BEHIND = r"\s+(?:fill\s*\(|order\s|limit\s|offset\s|slimit\s|soffset\s|tz\s*\()"
DIMENSIONS = re.compile(rf"(?is)\s+group\s+by\s+(.*?)(?={BEHIND}|\s*$"
                        r"|\s*\)\s*(?:$|where|group|order|limit|,))")
DISTINCT = re.compile(r'(?i)\bdistinct\s+("[^"]*"|\w+)')
CALL_IN_TEST = re.compile(r"(?i)\b(?:abs|floor|ceil|round|sqrt|sin|ln)\s*\(([^()]*)\)\s*"
                          r"(=|!=|<>|<=|>=|<|>)")
FROM_SUBQUERY = re.compile(r"(?i)\bfrom\s*\(\s*select\b")
SERIES_PAGES = re.compile(r"(?i)\s+s(limit|offset)\s+[0-9]+")
FEW = re.compile(r"(?i)(\bpercentile\s*\((?:[^()]|\([^()]*\))*,\s*)[1-4]?[0-9](?:\.[0-9]+)?(\s*\))")
MATH = re.compile(r"(?i)\b(?:sin|cos|tan|atan|exp|ln|log2|log10|sqrt)\s*\(")
PERCENTILE = re.compile(r"(?i)\bpercentile\s*\(((?:[^(),]|\([^()]*\))*),[^(),]*\)")
INTEGRAL = re.compile(r"(?i)\bintegral\s*\(((?:[^(),]|\([^()]*\))*)(?:,[^(),]*)?\)")
SEVERAL = re.compile(r'(?i)\bfrom\s*(?:[^\s/(),;]*/|(?:"[^"]*"|[^\s(),;"])+\s*,)')
FILL = re.compile(r"(?i)\bfill\s*\([^()]*\)")
INFINITE = re.compile(r"(?i)\b(?:exp|ln|log2|log10)\s*\(")
POWER = re.compile(r"(?i)\bpow\s*\(")
TIME = re.compile(r"(?i)\btime\s*\([^()]*\)")


def _null_is_false(text):
    return IS_FALSE.sub(" = true", text)


def _abs_of_integers(text):
    return re.sub(r"(?i)\babs\s*\(", "floor(", text)


def _order_of_tags(text):
    return TEST_OF_TAG.sub("false", text)


def _ranking_under_limit(text):
    return LIMITS.sub("", text) if RANKING.search(text) else text


def _random_sample(text):
    return SAMPLE.sub(r"\g<1>5000\2", text)


def _chaotic_seasons(text):
    return SEASONS.sub(r"\g<1>0\2", text)


def _functions_outside(text):
    return CALL_IN_TEST.sub(r"\1 \2", text) if FROM_SUBQUERY.search(text) else text


def _ties(text):
    return PERCENTILE.sub(r"max(\1)", re.sub(r"(?i)\bmode\s*\(", "first(", text))


def _percentile_of_few(text):
    return FEW.sub(r"\g<1>50\2", text)


def _floats_as_integers(text):
    return MATH.sub("floor(", text) if FROM_SUBQUERY.search(text) else text


def _distinct_as_word(text):
    return DISTINCT.sub(r"distinct(\1)", text)


def _groups_without_rows(text):
    return SERIES_PAGES.sub("", text)


def _fill_inside(text):
    return FILL.sub("fill(none)", text) if FROM_SUBQUERY.search(text) else text


def _only_time(match):
    times = TIME.findall(match.group(1))
    return f" GROUP BY {times[0]}" if times else ""


def _order_of_integrals(text):
    if not re.search(r"(?i)\bintegral\s*\(", text):
        return text
    if SEVERAL.search(text):
        return INTEGRAL.sub(r"mean(\1)", text)
    return DIMENSIONS.sub(_only_time, text)


REWRITES = {
    "null is false": _null_is_false,
    "abs of integers": _abs_of_integers,
    "order of tags": _order_of_tags,
    "ranking under a limit": _ranking_under_limit,
    "random sample": _random_sample,
    "chaotic seasons": _chaotic_seasons,
    "order of integrals": _order_of_integrals,
    "functions outside": _functions_outside,
    "ties": _ties,
    "percentile of few values": _percentile_of_few,
    "floats as integers": _floats_as_integers,
    "distinct as a word": _distinct_as_word,
    "fill inside": _fill_inside,
    "groups without rows": _groups_without_rows,
}


def _infinity(text):
    return INFINITE.sub("floor(", POWER.sub("atan2(", text))


# Where one server tells an error and the other does not.
OF_ERRORS = {"floats as integers": _floats_as_integers, "infinity": _infinity}


def rewritten(text, kind):
    """(name, text) of every rewrite that changes the query."""
    if kind in ("an error", "no error", "error text"):
        yield from ((name, rewrite(text)) for name, rewrite in OF_ERRORS.items()
                    if rewrite(text) != text)
    if kind not in ("values", "rows", "times", "series", "order of equal times"):
        return
    for name, rewrite in REWRITES.items():
        changed = rewrite(text)
        if changed != text:
            yield name, changed
