"""WHERE: tests of tags and fields, arithmetic, functions of numbers, bounds of time."""

from .data import NUMERIC
from .names import ident, instant, number, some_second, string

REGEXES = ["/^a/", "/us|eu/", "/./", "/^$/", "/[a-c]$/", "/\\//", "/(?i)HELLO/", "/x/"]
COMPARISONS = ["=", "!=", "<>", "<", "<=", ">", ">="]


class Conditions:
    def __init__(self, rng, cover, source):
        self.rng = rng
        self.cover = cover
        self.source = source

    def tree(self, depth=0):
        form = self.cover.pick("where", {
            "test": 6, "and": 2 / (depth + 1), "or": 2 / (depth + 1), "paren": 0.8})
        if form == "test" or depth > 2:
            return self.test()
        if form == "paren":
            return f"({self.tree(depth + 1)})"
        left, right = self.tree(depth + 1), self.tree(depth + 1)
        word = self.rng.choice([form, form.upper()])
        return f"{left} {word} {right}"

    def test(self):
        form = self.cover.pick("test", {
            "tag string": 5, "tag regex": 2, "tag order": 0.3, "tag tag": 0.4, "tag empty": 0.6,
            "field number": 6, "field string": 1.2, "field regex": 0.8, "field boolean": 0.8,
            "field field": 0.8, "arithmetic": 1.2, "math": 0.8, "type mismatch": 0.5,
            "unknown": 0.5, "literal": 0.2, "reversed": 0.5, "cast": 0.4, "bitwise": 0.4})
        return getattr(self, "_" + form.replace(" ", "_"))()

    def tag_tree(self, depth=0):
        """Of tags alone, as SHOW and DELETE take them."""
        form = self.cover.pick("tag where", {"test": 5, "and": 1, "or": 1, "paren": 0.3})
        if form == "test" or depth > 1:
            test = self.cover.pick("test", {"tag string": 4, "tag regex": 2, "tag empty": 1})
            return getattr(self, "_" + test.replace(" ", "_"))()
        if form == "paren":
            return f"({self.tag_tree(depth + 1)})"
        return f"{self.tag_tree(depth + 1)} {form.upper()} {self.tag_tree(depth + 1)}"

    def _tag(self):
        name = self.rng.choice(sorted(self.source.tags) or ["host"])
        suffix = "::tag" if self.rng.random() < 0.1 else ""
        return name, ident(self.rng, name) + suffix

    def _field(self, *kinds):
        names = self.source.of_type(*kinds) or list(self.source.fields) or ["v"]
        return ident(self.rng, self.rng.choice(names))

    def _tag_string(self):
        name, text = self._tag()
        values = self.source.tags.get(name) or ["a"]
        op = self.rng.choice(["=", "=", "!=", "<>"])
        return f"{text} {op} {string(self.rng.choice(values + ['zz']))}"

    def _tag_regex(self):
        return f"{self._tag()[1]} {self.rng.choice(['=~', '!~'])} {self.rng.choice(REGEXES)}"

    def _tag_order(self):
        return f"{self._tag()[1]} {self.rng.choice(['<', '>='])} 'b'"

    def _tag_tag(self):
        one, other = (self.rng.sample(sorted(self.source.tags), 2) if len(self.source.tags) > 1
                      else ("host", "region"))
        return f"{ident(self.rng, one)} {self.rng.choice(['=', '!='])} {ident(self.rng, other)}"

    def _tag_empty(self):
        return f"{self._tag()[1]} {self.rng.choice(['=', '!='])} ''"

    def _field_number(self):
        kind = self.rng.choice(NUMERIC)
        sign = self.rng.choice(["", "", "-"])
        literal = sign + number(self.rng, self.rng.choice(NUMERIC))
        return f"{self._field(kind)} {self.rng.choice(COMPARISONS)} {literal}"

    def _reversed(self):
        return f"{number(self.rng, 'float')} {self.rng.choice(COMPARISONS)} {self._field(*NUMERIC)}"

    def _field_string(self):
        op = self.rng.choice(["=", "!=", "<>"])
        return f"{self._field('string')} {op} {string(self.rng.choice(['x', 'y', '', 'us', 'a']))}"

    def _field_regex(self):
        op = self.rng.choice(["=~", "!~"])
        return f"{self._field('string')} {op} {self.rng.choice(REGEXES)}"

    def _field_boolean(self):
        value = self.rng.choice(["true", "false", "TRUE"])
        return f"{self._field('boolean')} {self.rng.choice(['=', '!='])} {value}"

    def _field_field(self):
        return (f"{self._field(*NUMERIC)} {self.rng.choice(COMPARISONS)} "
                f"{self._field(*NUMERIC)}")

    def _arithmetic(self):
        op = self.rng.choice(["+", "-", "*", "/", "%"])
        right = self.rng.choice([number(self.rng, "integer"), number(self.rng, "float"),
                                 self._field(*NUMERIC)])
        return (f"{self._field(*NUMERIC)} {op} {right} {self.rng.choice(COMPARISONS)} "
                f"{number(self.rng, self.rng.choice(NUMERIC))}")

    def _bitwise(self):
        op = self.rng.choice("&|^")
        return (f"{self._field('integer')} {op} {self.rng.randint(0, 7)} "
                f"{self.rng.choice(COMPARISONS)} {self.rng.randint(0, 7)}")

    def _math(self):
        name = self.rng.choice(["abs", "floor", "ceil", "round", "sqrt", "sin", "ln"])
        self.cover.hit("condition function")
        return (f"{name}({self._field('float')}) {self.rng.choice(COMPARISONS)} "
                f"{number(self.rng, 'float')}")

    def _type_mismatch(self):
        return self.rng.choice([
            f"{self._field('float', 'integer')} = '1'", f"{self._field('string')} > 1",
            f"{self._field('boolean')} = 'true'", f"{self._field('string')} = true",
            f"{self._field('float')} =~ /1/", f"{self._tag()[1]} = 1",
            f"{self._field('boolean')} > 1"])

    def _unknown(self):
        return self.rng.choice(["nofield = 1", "nofield != 1", "nofield = ''", "nofield != 'x'",
                                "nofield =~ /^$/", "nofield > 0"])

    def _literal(self):
        return self.rng.choice(["true", "false", "1 = 1", "2 > 3"])

    def _cast(self):
        cast = self.rng.choice(["integer", "float", "field", "string", "boolean"])
        return (f"{self._field(*NUMERIC)}::{cast} {self.rng.choice(COMPARISONS)} "
                f"{number(self.rng, 'float')}")


class Bounds:
    """Time terms of WHERE; low_s and high_s are None where there is none."""

    def __init__(self, rng, cover, needs_high=False, needs_low=False):
        self.rng = rng
        self.cover = cover
        self.terms = []
        self.low_s = self.high_s = None
        form = cover.pick("bounds", {"both": 5, "low": 1, "high": 1, "none": 3, "equal": 0.3})
        if form == "equal" and not (needs_high or needs_low):
            moment = instant(rng, cover, some_second(rng))
            self.terms.append(rng.choice([f"time = {moment}", f"{moment} = time"]))
            return
        low, high = sorted([some_second(rng), some_second(rng)])
        if form in ("both", "low") or needs_low:
            self.low_s = low
            self.terms.append(self._term(low, [">", ">="], ["<", "<="]))
        if form in ("both", "high") or needs_high:
            self.high_s = high + 1
            self.terms.append(self._term(high, ["<", "<="], [">", ">="]))

    def _term(self, second, ops, reversed_ops):
        name = self.rng.choice(["time", "time", "time", "TIME", '"time"'])
        moment = instant(self.rng, self.cover, second)
        if self.rng.random() < 0.08:
            self.cover.hit("bounds.reversed")
            return f"{moment} {self.rng.choice(reversed_ops)} {name}"
        return f"{name} {self.rng.choice(ops)} {moment}"
