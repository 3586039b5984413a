"""Continuous queries beside a real influxd, over a restart, and what is shown of them."""

import json
import os
import time
import unittest
import urllib.parse

from influxd import Influxd
from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]
CREATE = ("create continuous query cq on db resample for 6s begin "
          "select mean(v), count(v) into means from m group by time(2s), host end")


def report(server, name="cq"):
    answer = json.loads(server.request("GET", "/varve/v1/continuous_queries")[2])
    return [entry for entry in answer["continuous_queries"] if entry["name"] == name][0]


def means(server):
    answer = server.query("select * from means group by *", epoch="ns")
    return answer["results"][0].get("series", [])


class ContinuousQueries(unittest.TestCase):
    def test_same_points_as_influxd(self):
        with Varved(BUILD) as varve, Influxd() as influxd:
            for server in (varve, influxd):
                server.query("create database db")
                self.assertEqual(server.query(CREATE), {"results": [{"statement_id": 0}]})
            begin = time.time()
            first = (int(begin) // 2 + 1) * 2
            while time.time() < first + 4:
                now = time.time_ns()
                for server in (varve, influxd):
                    server.write(f"m,host=a v={now % 1000} {now}\nm,host=b v=2 {now}")
                time.sleep(0.1)

            def settled(server):
                """The rows of the two windows that were filled from begin to end."""
                wanted = [first * 10**9, (first + 2) * 10**9]
                return [{**series, "values": [row for row in series["values"] if row[0] in wanted]}
                        for series in means(server)]

            eventually(lambda: [len(series["values"]) for series in settled(influxd)] == [2, 2] and
                       settled(varve) == settled(influxd), what="the same points")
            said = report(varve)
            self.assertEqual((said["database"], said["error"], said["failed_runs"]),
                             ("db", "", 0))
            self.assertGreater(said["runs"], 1)
            self.assertGreater(said["next_run"], said["last_run"])
            self.assertGreater(varve.metric("varve_cq_query_ok_total"), 1)
            self.assertEqual(varve.query("show continuous queries"),
                             influxd.query("show continuous queries"))

    def test_missed_windows_are_made_up_for_after_a_restart(self):
        with Varved(BUILD) as server:
            server.query("create database db")
            server.query("create continuous query cq on db begin select mean(v) into means "
                         "from m group by time(1s) end")
            eventually(lambda: report(server)["runs"], what="a run")
            now = int(time.time()) + 1
            server.write("\n".join(f"m v={k} {now + k}" for k in range(5)), precision="s")
            server.stop()
            time.sleep(6)
            server.start()
            # The writes lie in windows that passed while the server was down.
            eventually(lambda: {row[0] // 10**9 for row in server.rows("select mean from means")} >=
                       {now + k for k in range(5)}, what="the missed windows")

    def test_failures_are_shown(self):
        with Varved(BUILD) as server:
            server.query("create database db")
            server.query("create continuous query cq on db begin select nosuch(v) into means "
                         "from m group by time(1s) end")
            eventually(lambda: report(server)["failed_runs"] > 1, what="two failed runs")
            self.assertEqual(report(server)["error"], "undefined function nosuch()")
            self.assertGreater(server.metric("varve_cq_query_fail_total"), 1)
            server.query("drop continuous query cq on db")
            listed = server.request("GET", "/varve/v1/continuous_queries")[2]
            self.assertEqual(json.loads(listed), {"continuous_queries": []})

    def test_runs_beyond_privileges(self):
        """With authentication on it is the server that runs what somebody was allowed to make."""
        with Varved(BUILD, settings=("auth.enabled=true",)) as server:
            def ask(text):
                query = urllib.parse.urlencode({"db": "db", "u": "root", "p": "x", "q": text})
                return json.loads(server.request("POST", "/query?" + query)[2])

            server.query("create user root with password 'x' with all privileges")
            for text in ("create database db", CREATE):
                self.assertEqual(ask(text), {"results": [{"statement_id": 0}]})
            server.write(f"m,host=a v=1 {time.time_ns()}", u="root", p="x")
            eventually(lambda: ask("select * from means")["results"][0].get("series"),
                       what="a point")

    def test_switched_off(self):
        with Varved(BUILD, settings=("continuous_queries.enabled=false",)) as server:
            server.query("create database db")
            server.query(CREATE)
            time.sleep(2)
            self.assertIsNone(report(server)["last_run"])


if __name__ == "__main__":
    unittest.main()
