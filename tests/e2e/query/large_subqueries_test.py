"""Subqueries of more rows than are read at once: slice by slice of time they give what the same
question gives without a subquery, in little memory."""

import os
import unittest

from influxd import Influxd
from varved import Varved

BUILD = os.environ["TEST_BUILD"]
SERIES = 40
ROWS = 40_000  # of each series: 1,600,000 in all
START = 1_600_000_000
GAP = 30 * 86400  # in the middle, so that there are empty slices
MEMORY = 40 << 20  # not enough for all of them

# A query over a subquery, and the same without one.
SAME = (
    ("select sum(w), count(w), min(w), max(w), mean(w) from (select v * 2 as w from m)",
     "select sum(v) * 2 as sum, count(v), min(v) * 2 as min, max(v) * 2 as max, mean(v) * 2 as mean"
     " from m"),
    ("select count(v) from (select v from m where v > 100) where v < 110",
     "select count(v) from m where v > 100 and v < 110"),
    ("select count(v) from (select v from (select v from m where v > 100) where v < 110)",
     "select count(v) from m where v > 100 and v < 110"),
    ("select mean(v) from (select v from m) group by t", "select mean(v) from m group by t"),
    ("select max(v) from (select v from m) where time >= 1600000000s group by time(10d) fill(none)",
     "select max(v) from m where time >= 1600000000s group by time(10d) fill(none)"),
    ("select v from (select v from m) limit 3", "select v from m limit 3"),
    ("select v from (select v from m) limit 3 offset 500000",
     "select v from m limit 3 offset 500000"),
    ("select v from (select v from m) order by time desc limit 2 offset 399999",
     "select v from m order by time desc limit 2 offset 399999"),
    ("select v from (select v from m where v > 998) where v < 1000 order by time desc limit 7",
     "select v from m where v > 998 and v < 1000 order by time desc limit 7"),
    ("select sum(d) from (select d from (select v as d from m where t = '7'))",
     "select sum(v) as sum from m where t = '7'"),
)


def time_of(row):
    return START + row + (GAP if row >= ROWS // 2 else 0)


class LargeSubqueries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD, settings=[f"query.memory={MEMORY}"])
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.start()
        cls.server.query("create database db")
        for first in range(0, ROWS, 1000):
            cls.server.write("\n".join(
                f"m,t={series} v={(row * 7919 + series * 104729) % 1000}i {time_of(row)}{series:09}"
                for row in range(first, first + 1000) for series in range(SERIES)))

    def rows_of(self, text):
        result = self.server.query(text)["results"][0]
        self.assertNotIn("error", result, text)
        return [[one.get("tags"), [[value for value in row] for row in one["values"]]]
                for one in result["series"]]

    def test_same_answers(self):
        for over, flat in SAME:
            with self.subTest(query=over):
                self.assertEqual(self.rows_of(over), self.rows_of(flat))
                self.assertTrue(self.rows_of(flat))

    def test_limits_count_once(self):
        with Varved(BUILD, settings=[f"query.max_select_series={4 * SERIES}"]) as server:
            server.query("create database db")
            for first in range(0, ROWS, 1000):
                server.write("\n".join(
                    f"m,t={series} v=1i {time_of(row)}000000000"
                    for row in range(first, first + 1000) for series in range(SERIES)))
            result = server.query("select count(v) from (select v from m)")["results"][0]
            self.assertNotIn("error", result)
            self.assertEqual(result["series"][0]["values"][0][1], SERIES * ROWS)

    def test_explained(self):
        text = "explain analyze select sum(v) from (select v from m)"
        lines = [row[0] for row in self.rows_of(text)[0][1]]
        # However many slices there are, an operator is one node.
        self.assertEqual(sum("measurement: m" in line for line in lines), 2, "\n".join(lines))

    def test_streams_of_several_tables_go_table_by_table_as_influxd(self):
        def fill(server):
            server.query('create database two with shard duration 1d name "autogen"', db="")
            server.query("create retention policy other on two duration inf replication 1 "
                         "shard duration 1d", db="")
            for policy, offset in (("autogen", 0), ("other", 7)):
                lines = "\n".join(f"m n={k * k}i {k * 40_000 + offset}" for k in range(12))
                server.request("POST", f"/write?db=two&precision=s&rp={policy}", lines)

        fill(self.server)
        with Influxd() as influxd:
            fill(influxd)
            for call in ("elapsed(n, 1s)", "difference(n)", "cumulative_sum(n)"):
                with self.subTest(call=call):
                    text = f"select {call} from other.m, m"
                    answer = self.server.query(text, db="two")
                    self.assertEqual(answer, influxd.query(text, db="two"))
                    self.assertIn("series", answer["results"][0])

    def test_what_is_not_sliced_says_its_limit(self):
        result = self.server.query("select v from (select v from m) group by t")["results"][0]
        self.assertIn("query.memory limit exceeded", result.get("error", ""))


if __name__ == "__main__":
    unittest.main()
