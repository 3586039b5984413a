"""EXPLAIN and EXPLAIN ANALYZE over strata: what would be read, and what was."""

import os
import unittest

from varved import Varved

BUILD = os.environ["TEST_BUILD"]
HOSTS = 4
ROWS = 3000


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.varve = Varved(BUILD)
        cls.varve.start()
        cls.varve.query("create database db")
        cls.varve.write("\n".join(f"cpu,host=h{host} v={row}i,w={row}.5 {row * 10**10}"
                                  for host in range(HOSTS) for row in range(ROWS)))
        cls.varve.request("POST", "/varve/v1/storage/compact?wait=true", "")

    @classmethod
    def tearDownClass(cls):
        cls.varve.__exit__()

    def lines(self, text):
        series = self.varve.query(text)["results"][0]["series"][0]
        return [row[0] for row in series["values"]]

    def facts(self, text):
        """The tree's "key: value" lines without its drawing; repeated keys keep the last value."""
        pairs = (line.strip("│├└─ ").split(": ", 1) for line in self.lines(text))
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def test_a_part_for_each_call(self):
        lines = self.lines("explain select mean(v), max(w) from cpu")
        self.assertEqual([line for line in lines if line.startswith("EXPRESSION")],
                         ["EXPRESSION: mean(v::integer)", "EXPRESSION: max(w::float)"])
        self.assertIn(f"NUMBER OF SERIES: {HOSTS}", lines)
        self.assertIn(f"NUMBER OF ROWS: {HOSTS * ROWS}", lines)
        self.assertIn("", lines)

    def test_the_range_narrows_what_is_read(self):
        lines = self.lines("explain select v, host from cpu where time < 100s")
        self.assertIn("AUXILIARY FIELDS: host::tag, v::integer", lines)
        blocks = [int(line.split(": ")[1]) for line in lines if line.startswith("NUMBER OF BLOCKS")]
        self.assertEqual(blocks, [HOSTS])

    def test_nothing_to_read(self):
        self.assertEqual(self.lines("explain select nope from cpu"), [""])
        self.assertEqual(self.lines("explain select v from nope"), [""])

    def test_statistics_answer_a_sum(self):
        facts = self.facts("explain analyze select sum(v) from cpu")
        self.assertEqual(facts["blocks_read"], "0")
        self.assertEqual(facts["blocks_from_statistics"], facts["blocks"])
        self.assertEqual(facts["rows"], "0")  # of the scan, the last operator shown

    def test_a_filter_reads_blocks(self):
        facts = self.facts("explain analyze select sum(v) from cpu where w > 0")
        self.assertEqual(facts["blocks_read"], facts["blocks"])
        self.assertEqual(facts["rows"], str(HOSTS * ROWS))

    def test_operators_are_nested(self):
        lines = self.lines("explain analyze select max(m) from "
                           "(select mean(v) as m from cpu group by host)")
        self.assertEqual(lines[0], ".")
        self.assertEqual(sum("── aggregate" in line for line in lines), 2)
        self.assertEqual(sum("── scan" in line for line in lines), 2)
        self.assertEqual(lines[-1], "")


if __name__ == "__main__":
    unittest.main()
