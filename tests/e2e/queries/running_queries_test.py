"""SHOW QUERIES, KILL QUERY, SHOW SHARDS and SHOW SHARD GROUPS, beside a real influxd."""

import os
import threading
import time
import unittest

from influxd import Influxd
from varved import Varved

BUILD = os.environ["TEST_BUILD"]


def table(answer):
    return answer["results"][0]["series"][0]


class RunningQueries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.varve = Varved(BUILD, settings=("query.max_select_buckets=0",))
        cls.varve.start()
        cls.influxd = Influxd().__enter__()
        for server in (cls.varve, cls.influxd):
            server.query("create database db")
            server.query("create retention policy hours on db duration 2h replication 1")
            server.query("create database empty")
            server.write("m,t=a v=1 0\nm,t=b v=2 700000000000000000")
            server.write("m,t=a v=1", rp="hours")

    @classmethod
    def tearDownClass(cls):
        cls.influxd.__exit__()
        cls.varve.__exit__()

    def test_same_answers(self):
        for text in ("show shards", "show shard groups", "kill query 4711",
                     'kill query 4711 on "localhost:8088"'):
            with self.subTest(text=text):
                self.assertEqual(self.varve.query(text), self.influxd.query(text))

    def test_show_queries_lists_itself(self):
        shown = [table(server.query("show queries")) for server in (self.varve, self.influxd)]
        self.assertEqual(shown[0]["columns"], shown[1]["columns"])
        for series in shown:
            self.assertEqual(len(series["values"]), 1)
            _, text, database, duration, status = series["values"][0]
            self.assertEqual((text, database, status), ("SHOW QUERIES", "db", "running"))
            self.assertRegex(duration, "^[0-9]+(µs|ms)$|^0s$")

    def test_kill(self):
        """100 series of a million buckets: nothing that ends soon by itself."""
        self.varve.write("\n".join(f"k,t={i} v=1 {i}" for i in range(100)))
        answers = []
        text = "select count(v) from k where time >= 0 and time < 1s group by time(1u), t fill(0)"
        thread = threading.Thread(
            target=lambda: answers.append(self.varve.request(
                "GET", "/query?db=db&q=" + text.replace(" ", "+"))[2]))
        thread.start()
        found = []
        while not found:
            rows = table(self.varve.query("show queries"))["values"]
            found = [row for row in rows if row[1].startswith("SELECT count(v)")]
        time.sleep(0.2)
        self.assertEqual(self.varve.query(f"kill query {found[0][0]}"),
                         {"results": [{"statement_id": 0}]})
        start = time.monotonic()
        thread.join()
        self.assertLess(time.monotonic() - start, 5)
        self.assertIn(b'"error":"query interrupted"', answers[0][-200:])
        self.assertEqual(len(table(self.varve.query("show queries"))["values"]), 1)


if __name__ == "__main__":
    unittest.main()
