"""Random data: measurements with dense and sparse tags, fields of every type, gaps, equal times."""

DAY_S = 86400
START_S = 1583452800  # 2020-03-06T00:00:00Z; New York's clocks go forward on the 8th
DAYS = 4
NUMERIC = ("float", "integer")


class Measurement:
    def __init__(self, name, policy, tags, fields):
        self.name = name
        self.policy = policy  # None = the default one
        self.tags = tags      # {key: values}; None among them = the tag is missing
        self.fields = fields  # {name: type, or a tuple of types, one per day}

    def type_at(self, name, time_ns):
        kind = self.fields[name]
        if isinstance(kind, str):
            return kind
        return kind[min(DAYS - 1, (time_ns // 10**9 - START_S) // DAY_S)]

    def field_type(self, name):
        """The type a query sees: over days the highest of InfluxQL's order."""
        kind = self.fields[name]
        if isinstance(kind, str):
            return kind
        return next(one for one in ("float", "integer", "string", "boolean") if one in kind)


def measurements():
    hosts = ["a", "b", "c", "d e"]
    return [
        Measurement("cpu", None, {"host": hosts, "region": ["us", "eu", None]},
                    {"v": "float", "n": "integer", "b": "boolean", "s": "string"}),
        Measurement("mem", None, {"host": hosts[:3], "dc": ["x", None, None]},
                    {"v": "integer", "n": "float", "used": "float", "s": "string"}),
        Measurement("disk", None, {"host": hosts[:2], "path": ["/", "/v,r"]},
                    {"path": "float", "free": "integer", "v": "float"}),
        Measurement("mix", None, {"host": hosts[:2]},
                    {"x": ("integer", "float", "string", "boolean"),
                     "y": ("integer", "float", "integer", "integer"),
                     "z": ("string", "boolean", "string", "string"), "v": "float"}),
        Measurement("odd m", None, {"t k": ["1", "ü=ö", "q\"q"]},
                    {"f k": "float", "str": "string", "n": "integer"}),
        # influxd's index knows tags by measurement, not by policy: the same tags as above.
        Measurement("cpu", "other", {"host": hosts[1:], "region": ["us", "ap"]},
                    {"v": "float", "n": "integer"}),
        Measurement("only", "other", {"host": hosts[:2]},
                    {"v": "float", "b": "boolean"}),
    ]


def escape(text):
    return "".join("\\" + c if c in " ,=" else c for c in text)


def field_text(rng, kind):
    if kind == "float":
        value = rng.choice([rng.randint(-5, 20), round(rng.uniform(-100, 100), 2),
                            rng.uniform(-1, 1), round(rng.uniform(-1e4, 1e4), 1)])
        return repr(value)
    if kind == "integer":
        return f"{rng.choice([rng.randint(-6, 12), rng.randint(-1000, 1000)])}i"
    if kind == "boolean":
        return rng.choice(["true", "false"])
    return '"' + rng.choice(["x", "y", "hello world", "", "us", "a", "Ünï", "q\\\"q"]) + '"'


def series_of(rng, measurement):
    """Some of the combinations of tag values, as escaped keys."""
    combinations = [[]]
    for key, values in measurement.tags.items():
        combinations = [tags + ([(key, value)] if value is not None else [])
                        for tags in combinations for value in values]
    unique = list(dict.fromkeys(
        "".join(f",{escape(key)}={escape(value)}" for key, value in tags)
        for tags in combinations))
    rng.shuffle(unique)
    return unique[:max(2, len(unique) * 2 // 3)]


def times_of(rng):
    """Instants of one series in ns: on a grid shared with others, with gaps, some off the grid."""
    step_s = rng.choice([600, 3600, 900])
    first = rng.randint(0, DAYS * DAY_S // step_s // 3)
    slots = [first + i for i in range(DAYS * DAY_S // step_s - first) if rng.random() < 0.6]
    rng.shuffle(slots)
    times = {(START_S + slot * step_s) * 10**9 for slot in slots[:rng.randint(5, 60)]}
    for _ in range(rng.randint(0, 6)):
        times.add(START_S * 10**9 + rng.randrange(DAYS * DAY_S * 10**9))
    return sorted(times)


def points_of(rng, measurement):
    """The measurement's points: (series number, tags, {field: {day's type: text}}, time)."""
    points = []
    for number, tags in enumerate(series_of(rng, measurement)):
        presence = {name: rng.choice([0.3, 0.8, 1.0]) for name in measurement.fields}
        for time_ns in times_of(rng):
            fields = {name: field_text(rng, measurement.type_at(name, time_ns))
                      for name in measurement.fields if rng.random() < presence[name]}
            if fields:
                points.append((number, tags, fields, time_ns))
    return points


def line(measurement, point, shift_ns=0):
    number, tags, fields, time_ns = point
    text = ",".join(f"{escape(name)}={value}" for name, value in fields.items())
    return f"{escape(measurement.name)}{tags} {text} {time_ns + (number + 1) * shift_ns}"


def twin_of(db):
    return db + "t"


def create_database(send, db, shard_days):
    send(f'CREATE DATABASE "{db}" WITH SHARD DURATION {shard_days}d NAME "autogen"')
    send(f'CREATE RETENTION POLICY "other" ON "{db}" DURATION INF REPLICATION 1 '
         f"SHARD DURATION {shard_days}d")


def fill_database(rng, send, write, db, twin=True):
    """Creates the database and writes it: send(statement), write(lines, db, policy).

    The twin has the same data in one shard, without equal times in two series: what is answered
    alike there and not in the database itself depends on the order of equal times or on shards."""
    create_database(send, db, 1)
    if twin:
        create_database(send, twin_of(db), 364)
    for measurement in measurements():
        points = points_of(rng, measurement)
        policy = measurement.policy or "autogen"
        write("\n".join(line(measurement, point) for point in points), db, policy)
        if not twin:
            continue
        # One shard has one type per field.
        points = [(number, tags, {name: value for name, value in fields.items()
                                  if measurement.type_at(name, time_ns) ==
                                  measurement.type_at(name, START_S * 10**9)}, time_ns)
                  for number, tags, fields, time_ns in points]
        shift = 1 if measurement.policy is None else 1000
        write("\n".join(line(measurement, point, shift) for point in points if point[2]),
              twin_of(db), policy)
