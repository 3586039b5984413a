"""The question types of TSBS's "devops" use case, in InfluxQL, with random hosts and windows.

What they are: https://github.com/timescale/tsbs (queries for devops)."""

import time

FIELDS = ["usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait",
          "usage_irq", "usage_softirq", "usage_steal", "usage_guest", "usage_guest_nice"]
HOUR = 3600


def _instant(seconds):
    return time.strftime("'%Y-%m-%dT%H:%M:%SZ'", time.gmtime(seconds))


class Mix:
    """Questions about `hosts` hosts and `seconds` seconds of data from `start` on (Unix time)."""

    def __init__(self, random, hosts, start, seconds):
        self.random = random
        self.hosts = hosts
        self.start = start
        self.seconds = seconds

    def _within(self, hours):
        span = min(hours * HOUR, self.seconds)
        begin = self.start + self.random.randrange(max(1, self.seconds - span))
        return f"time >= {_instant(begin)} and time < {_instant(begin + span)}"

    def _of_hosts(self, count):
        chosen = self.random.sample(range(self.hosts), min(count, self.hosts))
        return "(" + " or ".join(f"hostname = 'host_{host}'" for host in chosen) + ")"

    def _everything(self):
        return f"time >= {_instant(self.start)} and time < {_instant(self.start + self.seconds)}"

    def _maxima(self, fields, hosts, hours, bucket):
        calls = ", ".join(f"max({field})" for field in FIELDS[:fields])
        return (f"select {calls} from cpu where {self._of_hosts(hosts)} and "
                f"{self._within(hours)} group by time({bucket})")

    def _means(self, fields):
        calls = ", ".join(f"mean({field})" for field in FIELDS[:fields])
        return f"select {calls} from cpu where {self._within(12)} group by time(1h), hostname"

    def round(self):
        """One question of each type: name → text."""
        out = {f"single-groupby-{fields}-{hosts}-{hours}": self._maxima(fields, hosts, hours, "1m")
               for fields, hosts, hours in ((1, 1, 1), (1, 1, 12), (1, 8, 1),
                                            (5, 1, 1), (5, 1, 12), (5, 8, 1))}
        for hosts in (1, 8):
            out[f"cpu-max-all-{hosts}"] = self._maxima(10, hosts, 8, "1h")
        for fields, name in ((1, "1"), (5, "5"), (10, "all")):
            out[f"double-groupby-{name}"] = self._means(fields)
        out["high-cpu-1"] = (f"select * from cpu where usage_user > 90 and {self._of_hosts(1)} "
                             f"and {self._within(12)}")
        out["high-cpu-all"] = f"select * from cpu where usage_user > 90 and {self._within(12)}"
        out["lastpoint"] = "select * from cpu group by hostname order by time desc limit 1"
        out["groupby-orderby-limit"] = (
            "select max(usage_user) from cpu where "
            f"{self._within(12).split(' and ')[1]} group by time(1m) limit 5")
        out["full-scan-mean"] = (f"select mean(usage_user) from cpu where {self._everything()} "
                                 "group by time(1h)")
        out["full-scan-p95"] = (f"select percentile(usage_user, 95) from cpu where "
                                f"{self._everything()}")
        return out
