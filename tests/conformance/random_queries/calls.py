"""Calls of functions over fields, and arithmetic over both."""

from .data import NUMERIC
from .names import ident, number

ANY = ("float", "integer", "boolean", "string")
AGGREGATES = {"count": ANY, "sum": NUMERIC, "mean": NUMERIC, "median": NUMERIC, "mode": ANY,
              "spread": NUMERIC, "stddev": NUMERIC, "integral": NUMERIC, "count(distinct)": ANY}
SELECTORS = {"first": ANY, "last": ANY, "min": NUMERIC + ("boolean",),
             "max": NUMERIC + ("boolean",), "percentile": NUMERIC}
STREAMS = ["derivative", "non_negative_derivative", "difference", "non_negative_difference",
           "elapsed", "cumulative_sum", "moving_average"]
FORECASTS = ["exponential_moving_average", "double_exponential_moving_average",
             "triple_exponential_moving_average", "relative_strength_index",
             "triple_exponential_derivative", "kaufmans_efficiency_ratio",
             "kaufmans_adaptive_moving_average", "chande_momentum_oscillator"]
MATH_ONE = ["abs", "floor", "ceil", "round", "sin", "cos", "tan", "asin", "acos", "atan", "exp",
            "ln", "log2", "log10", "sqrt"]
MATH_TWO = ["log", "pow", "atan2"]


def even(names):
    return {name: 1 for name in names}


class Calls:
    def __init__(self, rng, cover, source):
        self.rng = rng
        self.cover = cover
        self.source = source

    # References.

    def field(self, kinds, casts=True):
        """A field of one of the types; now and then of another, which is an error or nothing."""
        names = self.source.of_type(*kinds)
        if not names or self.rng.random() < 0.03:
            names = list(self.source.fields) or ["v"]
        name = self.rng.choice(names)
        text = ident(self.rng, name)
        if casts and self.rng.random() < 0.05:
            text += "::" + self.cover.pick("cast", {
                "float": 2, "integer": 2, "field": 1, "string": 1, "boolean": 1, "tag": 0.5})
        return text

    def tag(self):
        return ident(self.rng, self.rng.choice(sorted(self.source.tags) or ["host"]))

    def argument(self, kinds):
        form = self.cover.pick("argument", {"field": 12, "wildcard": 0.6, "regex": 0.5,
                                            "field wildcard": 0.2, "unknown": 0.2})
        if form == "field":
            return self.field(kinds)
        return {"wildcard": "*", "field wildcard": "*::field", "unknown": "nofield",
                "regex": self.rng.choice(["/^v$/", "/v|n/", "/./", "/s|b/", "/nothing/"])}[form]

    # Calls.

    def aggregate(self, argument=None):
        name = self.cover.pick("function", even(AGGREGATES))
        if name == "count(distinct)":
            form = self.rng.choice(["count(distinct({}))", "count(distinct {})"])
            return form.format(argument or self.field(ANY))
        inner = argument or self.argument(AGGREGATES[name])
        if name == "integral" and self.rng.random() < 0.5:
            return f"integral({inner}, {self.rng.choice(['1m', '1h', '10s', '1s'])})"
        shown = name.upper() if self.rng.random() < 0.05 else name
        return f"{shown}({inner})"

    def selector(self, argument=None):
        name = self.cover.pick("function", even(SELECTORS))
        inner = argument or self.argument(SELECTORS[name])
        if name == "percentile":
            return f"percentile({inner}, {self.rng.choice(['0', '5', '50', '90', '99.9', '100'])})"
        return f"{name}({inner})"

    def plain_call(self, argument=None):
        if self.rng.random() < 0.6:
            return self.aggregate(argument)
        return self.selector(argument)

    def ranking(self):
        name = self.cover.pick("function", even(["top", "bottom"]))
        count = self.rng.randint(1, 5)
        tags = ""
        if self.source.tags and self.cover.maybe("ranking of tags", 0.3):
            some = self.rng.sample(sorted(self.source.tags),
                                   self.rng.randint(1, len(self.source.tags)))
            tags = ", ".join(ident(self.rng, tag) for tag in some) + ", "
        return f"{name}({self.field(NUMERIC, casts=False)}, {tags}{count})"

    def sample(self):
        self.cover.hit("function.sample")
        return f"sample({self.field(ANY)}, {self.rng.choice([5000, 5000, 2])})"

    def distinct(self):
        self.cover.hit("function.distinct")
        argument = self.field(ANY)
        return self.rng.choice([f"distinct({argument})", f"DISTINCT {argument}"])

    def stream(self, inner=None, depth=0):
        """A transformation of a field, or of the call `inner` makes."""
        name = self.cover.pick("function", {**even(STREAMS), **{one: 0.5 for one in FORECASTS}})
        if depth == 0 and self.cover.maybe("nested transformations", 0.1):
            argument = self.stream(inner, 1)
        else:
            argument = inner() if inner else self.argument(NUMERIC)
        return f"{name}({argument}{self._stream_arguments(name)})"

    def _stream_arguments(self, name):
        if name == "moving_average":
            return f", {self.rng.randint(2, 6)}"
        if name in FORECASTS:
            text = f", {self.rng.randint(1, 6)}"
            if self.rng.random() < 0.4:
                text += f", {self.rng.choice(['0', '1', '3', '-1'])}"
                if not name.startswith("kaufman") and self.rng.random() < 0.6:
                    words = ["'exponential'", "'simple'"]
                    if name.startswith("chande"):
                        words.append("'none'")
                    text += f", {self.rng.choice(words)}"
            return text
        if name in ("derivative", "non_negative_derivative", "elapsed") and self.rng.random() < 0.5:
            return f", {self.rng.choice(['1s', '10m', '1h', '1d'])}"
        return ""

    def holt_winters(self, inner):
        name = self.cover.pick("function", even(["holt_winters", "holt_winters_with_fit"]))
        season = self.rng.choice([0, 0, 2, 3, 4])
        # Seasons are factors: what changes its sign has none that a fit could find.
        argument = f"count({self.field(ANY)})" if season else inner()
        return f"{name}({argument}, {self.rng.randint(1, 4)}, {season})"

    # Expressions.

    def math(self, operand):
        """A function of numbers over operand(), which makes a text."""
        name = self.cover.pick("function", even(MATH_ONE + MATH_TWO))
        if name in MATH_ONE:
            return f"{name}({operand()})"
        second = self.rng.choice([number(self.rng, "integer"), number(self.rng, "float")])
        if self.rng.random() < 0.2:
            second = operand()
        return f"{name}({operand()}, {second})"

    def arithmetic(self, operand, depth=0):
        """Operators over operand(), which makes a text, and literals."""
        form = self.cover.pick("expression", {
            "+": 2, "-": 2, "*": 2, "/": 2, "%": 1, "&": 0.3, "|": 0.3, "^": 0.3, "paren": 1,
            "minus": 0.5, "plus": 0.3, "function": 1})
        side = (lambda: self._side(operand, depth))
        if form == "paren":
            return f"({self.arithmetic(operand, depth + 1) if depth < 2 else operand()})"
        if form == "minus":
            return f"-{operand()}" if self.rng.random() < 0.7 else f"-({side()})"
        if form == "plus":
            return f"+{operand()}"
        if form == "function":
            return self.math(operand)
        left, right = (operand(), side()) if self.rng.random() < 0.7 else (side(), operand())
        return f"{left} {form} {right}"

    def _side(self, operand, depth):
        choice = self.rng.random()
        if choice < 0.35:
            return number(self.rng, self.rng.choice(NUMERIC))
        if choice < 0.45:
            return "-" + number(self.rng, self.rng.choice(NUMERIC))
        if choice < 0.75 or depth >= 2:
            return operand()
        return self.arithmetic(operand, depth + 1)
