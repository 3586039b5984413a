"""The server's own figures: SHOW STATS, SHOW DIAGNOSTICS, the database _internal, slow queries."""

import json
import os
import socket
import unittest

from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]


def modules(server, text="show stats"):
    """{name: [(tags, {column: value})]} of SHOW STATS or SHOW DIAGNOSTICS."""
    found = {}
    for series in server.query(text)["results"][0].get("series", []):
        figures = dict(zip(series["columns"], series["values"][0]))
        found.setdefault(series["name"], []).append((series.get("tags"), figures))
    return found


class Stats(unittest.TestCase):
    def setUp(self):
        self.server = Varved(BUILD)
        self.server.start()
        self.addCleanup(self.server.__exit__)
        self.server.query("create database d")

    def figures(self, name):
        return modules(self.server, f"show stats for '{name}'")[name][0][1]

    def test_modules_are_those_of_influxdb(self):
        self.server.write("cpu,host=a v=1\ncpu,host=b v=1", db="d")
        found = modules(self.server)
        self.assertEqual(list(found), ["runtime", "queryExecutor", "database", "shard", "write",
                                       "subscriber", "cq", "httpd", "graphite", "udp"])
        self.assertEqual(found["database"],
                         [({"database": "d"}, {"numMeasurements": 1, "numSeries": 2})])
        self.assertEqual(found["httpd"][0][0], {"bind": f"127.0.0.1:{self.server.port}"})
        tags, figures = found["shard"][0]
        self.assertEqual((tags["database"], tags["retentionPolicy"], tags["engine"]),
                         ("d", "autogen", "strata"))
        self.assertTrue(tags["path"].startswith(self.server.data_dir), tags)
        self.assertEqual(set(figures), {"diskBytes", "memBytes", "numFiles"})
        for name in found:
            columns = list(found[name][0][1])
            self.assertEqual(columns, sorted(columns))

    def test_one_module(self):
        self.assertEqual(list(modules(self.server, "show stats for 'write'")), ["write"])
        self.assertEqual(list(modules(self.server, "show stats for 'indexes'")), ["indexes"])
        self.assertEqual(self.server.query("show stats for 'nope'"),
                         {"results": [{"statement_id": 0}]})

    def test_subscriptions_and_continuous_queries(self):
        self.assertEqual(modules(self.server)["subscriber"],
                         [(None, {"createFailures": 0, "pointsWritten": 0, "writeFailures": 0})])
        self.assertEqual(modules(self.server)["cq"], [(None, {"queryFail": 0, "queryOk": 0})])
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        udp = f"udp://127.0.0.1:{listener.getsockname()[1]}"
        self.server.query("create subscription s on d.autogen destinations all "
                          f"'{udp}', 'http://u:secret@127.0.0.1:1'")
        self.server.query("create database e")
        self.server.query("create continuous query c on e begin select count(v) into n from a "
                          "group by time(1s) end", "e")
        self.server.write("a v=1\na v=2 1", db="d")
        tags = {"database": "d", "mode": "ALL", "name": "s", "retention_policy": "autogen"}
        expected = [(None, {"createFailures": 0, "pointsWritten": 2, "writeFailures": 1}),
                    ({**tags, "destination": udp},
                     {"pointsWritten": 2, "writeFailures": 0}),
                    ({**tags, "destination": "http://127.0.0.1:1"},
                     {"pointsWritten": 0, "writeFailures": 1})]
        eventually(lambda: modules(self.server)["subscriber"] == expected,
                   what="the figures of the subscription")
        eventually(lambda: self.figures("cq")["queryOk"] > 0, what="a run")
        shown = json.loads(self.server.request("GET", "/debug/vars")[2])
        self.assertEqual(shown[f"subscriber:d:autogen:s:{udp}"]["values"],
                         {"pointsWritten": 2, "writeFailures": 0})
        self.assertIn("cq", shown)

    def test_writes_count(self):
        self.server.write("a v=1\na v=2 1", db="d")
        self.server.write("a v=1\na v=", db="d")
        self.server.write("a v=\"text\" 1\na v=2 2", db="d")
        self.server.write("a v=1", db="missing")
        self.server.request("POST", "/api/v2/write?bucket=d", "a v=7 7")
        http = self.figures("httpd")
        self.assertEqual({name: http[name] for name in http if name.startswith(("points", "write"))
                          and not name.endswith("Ns")},
                         {"pointsWrittenOK": 5, "pointsWrittenDropped": 1, "pointsWrittenFail": 0,
                          "writeReq": 5, "writeReqActive": 0, "writeReqBytes": 50})
        self.assertGreater(http["writeReqDurationNs"], 0)
        self.assertEqual(http["clientError"], 3)
        write = self.figures("write")
        self.assertEqual((write["req"], write["pointReq"], write["writeOk"], write["writeError"],
                          write["writeDrop"]), (4, 6, 4, 0, 1))

    def test_queries_count(self):
        self.server.write("a v=1", db="d")
        before_http, before = self.figures("httpd"), self.figures("queryExecutor")
        body = self.server.request("POST", "/query?db=d&q=select+*+from+a;select+*+from+a")[2]
        self.server.request("GET", "/ping")
        self.server.request("GET", "/status")
        after_http, after = self.figures("httpd"), self.figures("queryExecutor")
        # The first figures() is among them, the second shows itself as active.
        self.assertEqual(after_http["queryReq"] - before_http["queryReq"], 3)
        self.assertGreaterEqual(after_http["queryRespBytes"] - before_http["queryRespBytes"],
                                len(body))
        self.assertEqual((after_http["pingReq"], after_http["statusReq"]), (1, 1))
        self.assertEqual(after_http["reqActive"], 1)
        self.assertEqual(after["queriesExecuted"] - before["queriesExecuted"], 3)
        self.assertEqual(after["queriesActive"], 1)
        self.assertEqual(after["queriesFinished"], after["queriesExecuted"] - 1)
        self.assertGreater(after["queryDurationNs"], before["queryDurationNs"])

    def test_diagnostics(self):
        found = modules(self.server, "show diagnostics")
        self.assertEqual(list(found), sorted(found))
        self.assertEqual(found["build"][0][1]["Version"], "1.8.10")
        self.assertEqual(found["system"][0][1]["PID"], self.server.process.pid)
        self.assertEqual(found["config-monitor"][0][1],
                         {"store-database": "_internal", "store-enabled": False,
                          "store-interval": "10s"})
        self.assertEqual(list(modules(self.server, "show diagnostics for 'network'")), ["network"])
        self.assertEqual(self.server.query("show diagnostics for 'nope'"),
                         {"results": [{"statement_id": 0}]})


class Internal(unittest.TestCase):
    SETTINGS = ["monitor.store_interval=200ms"]

    def make(self, *settings):
        # Behind the helper's own --set, which switches it off.
        return Varved(BUILD, settings=[*self.SETTINGS, *settings],
                      program_arguments=["--set", "monitor.store_enabled=true"])

    def count(self, server):
        rows = server.rows('select count("writeOk") from "write"', db="_internal")
        return rows[0][1] if rows else 0

    def test_figures_are_kept_and_survive_a_restart(self):
        with self.make() as server:
            server.query("create database d")
            self.assertEqual(server.rows("show databases"), [["_internal"], ["d"]])
            self.assertEqual(server.rows("show retention policies on _internal"),
                             [["monitor", "168h0m0s", "24h0m0s", 1, True]])
            before = eventually(lambda: self.count(server))
            tags = {row[0] for row in server.rows('show tag keys from httpd', db="_internal")}
            self.assertEqual(tags, {"bind", "hostname"})
            rows = server.rows('select "numSeries" from "database" where "database" = \'d\'',
                               db="_internal")
            self.assertTrue(all(row[0] % 200_000_000 == 0 for row in rows), rows)
            server.restart()
            self.assertGreaterEqual(self.count(server), before)
            eventually(lambda: self.count(server) > before, what="a point after the restart")

    def test_dropped_it_comes_again(self):
        with self.make() as server:
            server.query("drop database _internal")
            eventually(lambda: server.query("show databases")["results"][0]["series"][0]
                       .get("values") == [["_internal"]])
            eventually(lambda: self.count(server))

    def test_another_name(self):
        with self.make("monitor.store_database=own figures") as server:
            self.assertEqual(server.rows("show databases"), [["own figures"]])
            eventually(lambda: server.query("select * from runtime", db="own figures")
                       ["results"][0].get("series"))


class SlowQueries(unittest.TestCase):
    def lines(self, server, message):
        return [line for line in server.logs().splitlines() if f"msg={message} " in line
                or f'msg="{message}" ' in line]

    def test_slow_ones_are_logged_without_passwords(self):
        with Varved(BUILD, settings=["query.slow_log_threshold=1ns"]) as server:
            server.query("create database d")
            server.write("a v=1 1\na v=2 2", db="d")
            server.query("select * from a", db="d")
            server.query("create user u with password 'geheim'")
            slow = self.lines(server, "slow query")
            self.assertIn('query="SELECT * FROM a" database=d', slow[1])
            self.assertIn(" rows=2 ", slow[1])
            self.assertRegex(slow[1], r" duration=[0-9.]+(ns|µs|ms|s) ")
            self.assertIn("[REDACTED]", slow[2])
            self.assertNotIn("geheim", server.logs())
            self.assertEqual(server.metric("varve_query_slow_total"), 3)

    def test_quick_ones_are_not(self):
        with Varved(BUILD) as server:
            server.query("create database d")
            self.assertEqual(server.metric("varve_query_slow_total"), 0)
            self.assertNotIn("query=", server.logs())

    def test_every_query(self):
        with Varved(BUILD, settings=["query.log_queries=true"]) as server:
            server.query("set password for u = 'geheim'")
            self.assertIn("SET PASSWORD FOR u = [REDACTED]", self.lines(server, "query")[0])
            self.assertNotIn("geheim", server.logs())


if __name__ == "__main__":
    unittest.main()
