"""What a SELECT reads: measurements of the data or the columns of a subquery."""

from .data import measurements
from .names import ident

ALL = measurements()


class Source:
    """The names a query may use: fields with their types, tags with some values."""

    def __init__(self, text, fields, tags, descending=None):
        self.text = text
        self.fields = fields
        self.tags = tags
        self.descending = descending  # None = either direction

    def of_type(self, *kinds):
        return [name for name, kind in self.fields.items() if kind in kinds]


def _union(chosen):
    order = ("float", "integer", "string", "boolean")
    fields = {}
    tags = {}
    for one in chosen:
        for name in one.fields:
            kind = one.field_type(name)
            if name not in fields or order.index(kind) < order.index(fields[name]):
                fields[name] = kind
        for key, values in one.tags.items():
            tags.setdefault(key, [value for value in values if value is not None])
    return fields, tags


def _qualified(rng, cover, one, db):
    name = ident(rng, one.name)
    if one.policy:
        form = cover.pick("source", {"policy.name": 3, "db.policy.name": 1})
        policy = ident(rng, one.policy)
        return f"{policy}.{name}" if form == "policy.name" else f"{ident(rng, db)}.{policy}.{name}"
    form = cover.pick("source", {"name": 8, "db..name": 0.5, "db.autogen.name": 0.5})
    if form == "name":
        return name
    return f"{ident(rng, db)}.{'' if form == 'db..name' else 'autogen'}.{name}"


def _by_regex(rng, cover, db):
    policy = rng.choice([None, None, "other"])
    there = [one for one in ALL if one.policy == policy]
    # Of another policy only what stands in no default one: influxd's index keeps no policies apart.
    wanted = {"/^(cpu|only)$/": None, "/^on/": ("only",)} if policy else {
        "/^(cpu|mem)$/": ("cpu", "mem"), "/m/": ("mem", "odd m", "mix"), "/.*/": None,
        "/^[cdo]/": ("cpu", "disk", "odd m"), "/mix|disk/": ("mix", "disk"), "/nothing/": ()}
    form = rng.choice(sorted(wanted))
    wanted = wanted[form]
    chosen = [one for one in there if wanted is None or one.name in wanted]
    cover.hit("source.regex")
    prefix = f"{policy}." if policy else rng.choice(["", "", "", f"{ident(rng, db)}.."])
    fields, tags = _union(chosen or there)
    return Source(prefix + form, fields, tags)


def measurement_source(rng, cover, db):
    """One or several measurements."""
    form = cover.pick("from", {"one": 10, "several": 1.2, "regex": 1.2, "unknown": 0.15})
    if form == "regex":
        return _by_regex(rng, cover, db)
    if form == "unknown":
        return Source("nosuch", {"v": "float", "n": "integer", "s": "string"}, {"host": ["a"]})
    chosen = rng.sample(ALL, 2 if form == "several" else 1)
    text = ", ".join(_qualified(rng, cover, one, db) for one in chosen)
    return Source(text, *_union(chosen))


def plain_source(rng, cover):
    """FROM of SHOW: measurements without database, sometimes a regex."""
    form = cover.pick("show from", {"one": 4, "several": 1, "regex": 1, "unknown": 0.3})
    if form == "regex":
        return rng.choice(["/^(cpu|mem)$/", "/.*/", "/m/", "/nothing/"])
    if form == "unknown":
        return "nosuch"
    names = rng.sample(sorted({one.name for one in ALL}), 2 if form == "several" else 1)
    return ", ".join(ident(rng, name) for name in names)
