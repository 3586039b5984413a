"""The benchmark of the storage engine, on a thousandth of its data: every section gives figures."""

import json
import os
import subprocess
import sys
import unittest

BUILD = os.environ["TEST_BUILD"]
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../bench/storage_figures.py")


class StorageFigures(unittest.TestCase):
    def test_every_section(self):
        done = subprocess.run([sys.executable, PROGRAM, "--build", BUILD, "--scale", "0.001"],
                              capture_output=True, text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout.splitlines()[-1])["figures"]
        names = " ".join(row["name"] for row in figures)
        for wanted in ("ingest int, wall", "size node", "sum of a shard", "write latency busy, p99",
                       "series, 10 fields, memory", "open cold", "restart after kill -9",
                       "ingest node, per server CPU-second", "churn, index bytes per series"):
            self.assertIn(wanted, names)
        for row in figures:
            self.assertIsInstance(row["varve"], float, row)

    def test_unknown_section(self):
        done = subprocess.run([sys.executable, PROGRAM, "--build", BUILD, "--only", "nonsense"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("invalid choice: 'nonsense'", done.stderr)


if __name__ == "__main__":
    unittest.main()
