"""Continuous queries of InfluxDB 0.8 in a real server: copies and rollups, over restarts."""

import json
import os
import time
import unittest
import urllib.parse

from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]


def ask(server, text):
    """Over 0.8's API, to database db."""
    path = "/db/db/series?" + urllib.parse.urlencode({"q": text})
    status, _, answer = server.request("GET", path)
    if status != 200:
        raise AssertionError(f"{text}: {status} {answer}")
    return json.loads(answer)


def report(server, number):
    answer = json.loads(server.request("GET", "/varve/v1/continuous_queries")[2])
    return [entry for entry in answer["continuous_queries"]
            if (entry["language"], entry["name"]) == ("influxql08", str(number))][0]


class ContinuousQueries08(unittest.TestCase):
    def with_queries(self, server, *queries):
        server.query("create database db")
        for text in queries:
            self.assertEqual(ask(server, text), [])
        listed = ask(server, "list continuous queries")[0]["points"]
        self.assertEqual([point[1:] for point in listed],
                         [[number, text] for number, text in enumerate(queries, 1)])

    def test_copies_are_there_with_the_row_and_after_a_crash(self):
        with Varved(BUILD) as server:
            self.with_queries(server, "select * from m into copy.:series_name.[host]",
                              "select * from /^copy/ into never")
            server.write("m,host=a,dc=x v=1 1000000000\nm,host=b v=2i 2000000000")
            for _ in range(2):
                self.assertEqual(server.rows('select v from "copy.m.a"'), [[10**9, 1]])
                self.assertEqual(server.rows('select v from "copy.m.b"'), [[2 * 10**9, 2]])
                self.assertEqual(server.rows("show tag keys"), [["dc"], ["dc"], ["host"]])
                self.assertEqual(server.rows("show measurements"), [["copy.m.a"], ["copy.m.b"],
                                                                    ["m"]])
                server.kill()
                server.start()
            server.write("m,host=a v=3 3000000000")
            self.assertEqual(server.rows('select v from "copy.m.a"'), [[10**9, 1], [3 * 10**9, 3]])
            self.assertEqual(server.metric("varve_write_rows_copied_total"), 1)
            self.assertEqual(report(server, 1)["query"],
                             "select * from m into copy.:series_name.[host]")
            # The listing of 1.x has its own alone.
            self.assertEqual(server.rows("show continuous queries"), [])

    def test_rollups_cover_the_past_and_go_on(self):
        with Varved(BUILD) as server:
            server.query("create database db")
            begin = int(time.time()) // 10 * 10 - 5000
            server.write("\n".join(f"m v={k} {begin + k}" for k in range(5000)), precision="s")
            self.with_queries(server, "select mean(v) from m group by time(10s) into 10s.m.mean",
                              "select mean(v) from nothing group by time(1s) into never")

            def computed():
                return {row[0] // 10**9: row[1:] for row in
                        server.rows('select mean, sequence_number from "10s.m.mean"')}

            past = eventually(lambda: computed() if len(computed()) >= 500 else None,
                              what="the past")
            for at in range(0, 5000, 10):
                self.assertEqual(past[begin + at], [at + 4.5, 1], at)
            said = report(server, 1)
            self.assertEqual((said["database"], said["error"], said["failed_runs"]), ("db", "", 0))
            self.assertGreater(said["next_run"], said["last_run"])
            eventually(lambda: report(server, 2)["error"] == "Couldn't find series: nothing",
                       what="an error that is shown")
            # Windows that end while the server is down are made up for.
            now = int(time.time())
            server.write("\n".join(f"m v=7 {now + k}" for k in range(12)), precision="s")
            server.stop()
            time.sleep(12)
            server.start()
            whole = now // 10 * 10 + 10
            eventually(lambda: computed().get(whole, [])[:1] == [7], what="the missed window")
            self.assertEqual({at: row for at, row in computed().items() if at < begin + 5000}, past)
            # A run over the same rows makes the same points.
            self.assertEqual(server.rows('select count(mean) from "10s.m.mean" where time < '
                                         f"{begin + 5000}s"), [[0, 500]])


if __name__ == "__main__":
    unittest.main()
