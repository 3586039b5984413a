"""The real `influx` 1.x shell against varved."""

import json
import os
import subprocess
import tempfile
import unittest

from varved import Varved

BUILD = os.environ["TEST_BUILD"]


class InfluxShell(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def influx(self, *arguments, stdin=None):
        done = subprocess.run(["influx", "-host", "127.0.0.1", "-port", str(self.server.port),
                               *arguments], input=stdin, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_execute(self):
        self.influx("-execute", "create database shell")
        self.influx("-database", "shell", "-execute", "insert cpu,host=a value=1.5 1000000000")
        out = self.influx("-database", "shell", "-format", "json", "-precision", "s", "-execute",
                          "select mean(value) from cpu where time > 0s and time < 1m"
                          " group by time(30s) fill(0)")
        series = json.loads(out)["results"][0]["series"][0]
        self.assertEqual(series["values"], [[0, 1.5], [30, 0]])
        self.assertIn("shell", self.influx("-execute", "show databases"))

    def test_interactive(self):
        out = self.influx(stdin="create database piped; show databases;"
                                " show measurements on piped\n")
        self.assertIn("piped", out)

    def test_import(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("# DDL\nCREATE DATABASE imported\n# DML\n# CONTEXT-DATABASE: imported\n"
                       "cpu,host=a value=1 1\ncpu,host=b value=2 2\n")
            file.flush()
            self.influx("-import", "-path", file.name, "-precision", "s")
        out = self.influx("-database", "imported", "-format", "csv", "-execute",
                          "select value, host from cpu")
        self.assertEqual(out.splitlines()[-2:], ["cpu,1000000000,1,a", "cpu,2000000000,2,b"])


if __name__ == "__main__":
    unittest.main()
