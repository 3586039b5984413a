"""The requests of dashboards (Grafana, Chronograf) and of collectors (Telegraf), as they send them
with their macros filled, to varved and to a real influxd: status, headers and JSON are equal."""

import gzip
import os
import unittest
import urllib.parse

from both import Both

BUILD = os.environ["TEST_BUILD"]
FROM_MS, TO_MS = 1_600_000_000_000, 1_600_003_600_000
TIME_FILTER = f"time >= {FROM_MS}ms and time <= {TO_MS}ms"
FORM = "application/x-www-form-urlencoded"

GRAFANA = {"User-Agent": "Grafana/11.2.0", "Accept-Encoding": "gzip"}
CHRONOGRAF = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip",
              "Accept": "application/json"}
TELEGRAF = {"User-Agent": "Telegraf/1.30.0 Go/1.22.0", "Accept-Encoding": "gzip"}

# What a data source asks for when it is saved, when its editor opens, and for its variables.
EDITOR = (
    "SHOW measurements",
    "SHOW RETENTION POLICIES", 'SHOW RETENTION POLICIES on "db"',
    "SHOW MEASUREMENTS", "SHOW MEASUREMENTS LIMIT 100",
    "SHOW MEASUREMENTS WITH MEASUREMENT =~ /(?i)cp/ LIMIT 100",
    'SHOW MEASUREMENTS WHERE "host" = \'a\' LIMIT 100',
    'SHOW FIELD KEYS FROM "cpu"', 'SHOW FIELD KEYS FROM "autogen"."cpu"', "SHOW FIELD KEYS",
    'SHOW TAG KEYS FROM "cpu"', 'SHOW TAG KEYS FROM "autogen"."cpu"', "SHOW TAG KEYS",
    'SHOW TAG VALUES FROM "cpu" WITH KEY = "host"',
    'SHOW TAG VALUES FROM "cpu" WITH KEY = "host" WHERE "dc" =~ /^(x|y)$/',
    'SHOW TAG VALUES FROM "autogen"."cpu" WITH KEY = "host" WHERE "dc" = \'x\' LIMIT 100',
    'SHOW TAG VALUES WITH KEY = "host"', 'SHOW TAG VALUES WITH KEY IN ("host", "dc")',
    "SHOW DATABASES", 'SHOW SERIES FROM "cpu" LIMIT 5', "SHOW RETENTION POLICIES ON nope",
    'SHOW TAG VALUES FROM "nope" WITH KEY = "host"', "SHOW FIELD KEYS FROM /c.*/",
)

# The builder's texts: a select with its chain of functions, tags, groups, fill, order, limits.
PANELS = (
    'SELECT mean("value") FROM "cpu" WHERE $timeFilter GROUP BY time($__interval) fill(null)',
    'SELECT mean("value") FROM "autogen"."cpu" WHERE ("host"::tag = \'a\') AND $timeFilter '
    'GROUP BY time($__interval), "host"::tag fill(null)',
    'SELECT mean("value") AS "load", max("value") / 1024 AS "most" FROM "cpu" WHERE '
    '("host" =~ /^(a|b)$/ AND "dc" != \'y\') AND $timeFilter GROUP BY time($__interval), "host" '
    "fill(none)",
    'SELECT non_negative_derivative(mean("total"), 1s) *8 FROM "net" WHERE $timeFilter '
    'GROUP BY time($__interval), "host" fill(null)',
    'SELECT derivative(last("total"), 10s) FROM /^ne.*/ WHERE $timeFilter '
    'GROUP BY time($__interval), "host" fill(previous)',
    'SELECT percentile("value", 95) FROM "cpu" WHERE $timeFilter '
    "GROUP BY time($__interval) fill(linear)",
    'SELECT count("value") FROM "cpu" WHERE $timeFilter GROUP BY time($__interval) fill(0) '
    "ORDER BY time DESC LIMIT 3 tz('Europe/Berlin')",
    'SELECT last("value") FROM "cpu" WHERE $timeFilter GROUP BY "host" slimit 1',
    'SELECT "value", "host" FROM "cpu" WHERE $timeFilter LIMIT 10',
    'SELECT moving_average(mean("value"), 5), spread("value"), stddev("value") FROM "cpu" WHERE '
    '$timeFilter GROUP BY time($__interval), "host"',
    'SELECT top("value", 3), "host" FROM "cpu" WHERE $timeFilter',
    'SELECT mean("value") FROM "cpu" WHERE "host" =~ /^$/ AND $timeFilter '
    "GROUP BY time($__interval) fill(null)",
    'SELECT sum("m") FROM (SELECT max("value") AS "m" FROM "cpu" WHERE $timeFilter '
    'GROUP BY time($__interval), "host") WHERE $timeFilter GROUP BY time($__interval) fill(null)',
    'SELECT "title", "text" FROM "events" WHERE $timeFilter ORDER BY time DESC LIMIT 100',
    'SELECT distinct("value") FROM "cpu" WHERE $timeFilter GROUP BY "dc"',
    'SELECT mean("nope") FROM "cpu" WHERE $timeFilter GROUP BY time($__interval) fill(null)',
    'SELECT mean("value") FROM "cpu" WHERE $timeFilter GROUP BY time($__interval fill(null)',
    'SELECT mean("value") FROM "gone"."cpu" WHERE $timeFilter GROUP BY time(10s)',
    'SELECT nope("value") FROM "cpu" WHERE $timeFilter',
    'SELECT mean("value") FROM "cpu" WHERE time > now() - 1h GROUP BY time(1m) fill(none)',
)

CHRONOGRAF_TEXTS = (
    'SHOW DATABASES', 'SHOW RETENTION POLICIES ON "db"', 'SHOW MEASUREMENTS ON "db"',
    'SHOW TAG KEYS ON "db" FROM "cpu"', 'SHOW FIELD KEYS ON "db" FROM "cpu"',
    'SHOW TAG VALUES ON "db" FROM "cpu" WITH KEY IN ("dc", "host")', "SHOW USERS",
    'SELECT mean("value") AS "mean_value" FROM "db"."autogen"."cpu" WHERE '
    "time > :dashboardTime: AND time < :upperDashboardTime: AND \"host\"='a' "
    'GROUP BY time(:interval:), "dc" FILL(null)',
    "SELECT numSeries AS numSeries FROM \"db\".\"autogen\".\"cpu\" WHERE time > now() - 1h",
    "show series cardinality on db", "SHOW CONTINUOUS QUERIES", "SHOW SUBSCRIPTIONS",
)


def rows():
    """An hour at ten seconds for four hosts, counters, and a few events."""
    for second in range(0, 3600, 10):
        at = FROM_MS * 10**6 + second * 10**9
        for index, host in enumerate("abcd"):
            dc = "xy"[index % 2]
            if (second // 10 + index) % 7 == 0:
                continue  # gaps
            value = (second * (index + 3)) % 97 / 4
            yield f"cpu,dc={dc},host={host} value={value} {at + index}"
            yield f"net,host={host} total={second * 1000 % 900000}i {at + index}"
    yield f'events,kind=deploy title="v1",text="a <b> \\"c\\"" {FROM_MS + 5000}000000'


class Dashboards(Both):
    build = BUILD

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lines = "\n".join(rows())
        for server in (cls.varve, cls.influxd):
            server.query("create database db")
            assert server.write(lines) == (204, "")

    def ask_get_and_post(self, parameters, headers):
        """As Grafana's two HTTP modes."""
        text = urllib.parse.urlencode(parameters)
        in_url = urllib.parse.urlencode({k: v for k, v in parameters.items() if k != "q"})
        body = urllib.parse.urlencode({"q": parameters["q"]})
        self.same_answer("GET", "/query?" + text, headers=headers)
        self.same_answer("POST", "/query?" + in_url, body, {**headers, "Content-Type": FORM})

    def test_editor(self):
        for text in EDITOR:
            for epoch in ({"epoch": "ms"}, {}):
                self.ask_get_and_post({"db": "db", **epoch, "q": text}, GRAFANA)

    def test_panels(self):
        for text in PANELS:
            for interval in ("10s", "1m", "5m"):
                if interval != "1m" and "$__interval" not in text:
                    continue
                filled = text.replace("$timeFilter", TIME_FILTER).replace("$__interval", interval)
                self.ask_get_and_post({"db": "db", "epoch": "ms", "q": filled}, GRAFANA)

    def test_several_at_once(self):
        """A panel's targets in one request, as older Grafana joins them, and chunks."""
        texts = [text.replace("$timeFilter", TIME_FILTER).replace("$__interval", "2m")
                 for text in PANELS[:9]]
        for joiner in (";", "\n;\n"):
            self.ask_get_and_post({"db": "db", "epoch": "ms", "q": joiner.join(texts)}, GRAFANA)
        self.ask_get_and_post({"db": "db", "epoch": "ms", "q": texts[1], "chunked": "true",
                               "chunk_size": "7", "pretty": "true"}, GRAFANA)

    def test_adhoc_filters_and_other_databases(self):
        self.ask_get_and_post({"db": "nope", "epoch": "ms", "q": "SHOW measurements"}, GRAFANA)
        self.ask_get_and_post({"db": "", "epoch": "ms", "q": "SHOW measurements"}, GRAFANA)
        self.ask_get_and_post({"db": "db", "epoch": "ms", "q": ""}, GRAFANA)
        self.same_answer("GET", "/query?db=db&epoch=ms", headers=GRAFANA)

    def test_chronograf(self):
        self.same_answer("GET", "/ping", headers=CHRONOGRAF)
        self.same_answer("HEAD", "/ping", headers=CHRONOGRAF)
        for text in CHRONOGRAF_TEXTS:
            filled = (text.replace(":dashboardTime:", "'2020-09-13T12:26:40Z'")
                      .replace(":upperDashboardTime:", f"{TO_MS}ms").replace(":interval:", "30s"))
            self.ask_get_and_post({"db": "db", "rp": "autogen", "epoch": "ms", "q": filled},
                                  CHRONOGRAF)

    def test_browsers(self):
        """A page of another origin: the preflight, and the answer it may read."""
        origin = {"Origin": "http://grafana.example:3000",
                  "Access-Control-Request-Method": "POST",
                  "Access-Control-Request-Headers": "authorization"}
        for target in ("/query", "/write", "/ping", "/status", "/nope"):
            for method in ("OPTIONS", "GET"):
                if (method, target) == ("GET", "/write"):
                    continue
                self.same_answer(method, target, headers=origin)
                self.same_answer(method, target)

    def test_telegraf(self):
        self.same_answer("POST", "/query", urllib.parse.urlencode(
            {"q": 'CREATE DATABASE "telegraf"'}), {**TELEGRAF, "Content-Type": FORM})
        write = {**TELEGRAF, "Content-Type": "text/plain; charset=utf-8"}
        lines = "\n".join(f"disk,path=/,host=h{i} free={i}i {FROM_MS + i}000000"
                          for i in range(1000)) + "\n"
        for target in ("/write?db=telegraf", "/write?consistency=any&db=telegraf&rp=autogen"):
            self.same_answer("POST", target, lines, write)
            self.same_answer("POST", target, gzip.compress(lines.encode()),
                             {**write, "Content-Encoding": "gzip"})
        for target, body in (("/write?db=missing", lines), ("/write?db=telegraf&rp=gone", lines),
                             ("/write?db=telegraf", "disk free=text 1\ndisk free=1i 2\n"),
                             ("/write?db=telegraf", "disk,host=h0 free=1.5 1\n"),
                             ("/write?db=telegraf", "# nothing\n\n"), ("/write", lines)):
            self.same_answer("POST", target, body, write)
        for body in (b"no gzip", b"no gzip at all", gzip.compress(b"m v=1")[:15]):
            self.same_answer("POST", "/write?db=telegraf", body,
                             {**write, "Content-Encoding": "gzip"})
        self.same_answer("GET", "/query?db=telegraf&q=select+count(free)+from+disk",
                         headers={"Accept": "application/json"})

    def test_forms_of_answers(self):
        """Each form that Accept can ask for, of good and of bad requests."""
        for accept in ("application/json", "text/csv", "application/x-msgpack", "*/*", "text/html"):
            for encoding in ({}, {"Accept-Encoding": "gzip, deflate"}):
                headers = {"Accept": accept, **encoding}
                for text in ("show databases", "select value from cpu limit 2", "select",
                             "select nope(value) from cpu", ""):
                    target = "/query?" + urllib.parse.urlencode({"db": "db", "q": text})
                    self.same_answer("GET", target, None, headers)
                for target in ("/write?db=nope", "/write", "/write?db=db"):
                    self.same_answer("POST", target, "m v=", headers)
                self.same_answer("GET", "/ping", headers=headers)


if __name__ == "__main__":
    unittest.main()
