"""SELECT … INTO beside a real influxd, in every form of answer."""

import os
import unittest
import urllib.parse

from influxd import Influxd
from varved import Varved

BUILD = os.environ["TEST_BUILD"]


class Into(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.varve = Varved(BUILD)
        cls.varve.start()
        cls.influxd = Influxd().__enter__()
        lines = "\n".join(f'm,h=h{k % 7} v={k},s="x{k}" {k * 1000000}' for k in range(25000))
        for server in (cls.varve, cls.influxd):
            server.query("create database db")
            server.write(lines)

    @classmethod
    def tearDownClass(cls):
        cls.influxd.__exit__()
        cls.varve.__exit__()

    def same(self, text, method="POST", headers=None, **parameters):
        target = "/query?" + urllib.parse.urlencode({"db": "db", "q": text, **parameters})
        answers = [server.request(method, target, headers=headers)
                   for server in (self.varve, self.influxd)]
        with self.subTest(text=text):
            self.assertEqual(answers[0][0], answers[1][0])
            self.assertEqual(answers[0][2], answers[1][2])

    def test_copies(self):
        """More than two writes' worth of points."""
        self.same("select * into copy from m group by *")
        self.same("select * from copy group by *")
        self.same("select mean(v) into means from m where time >= 0 and time < 30s "
                  "group by time(1s), h; select * from means group by *")

    def test_get_is_warned_of(self):
        self.same("select v into x from m", "GET")
        self.same("select v into x from db..m; select f from db..m", "GET")

    def test_chunked(self):
        self.same("select v into x from m; select v into x from m limit 1",
                  chunked="true", chunk_size="1")

    def test_csv_and_msgpack(self):
        for accept in ("application/csv", "application/x-msgpack"):
            for text in ("select v into x from m limit 3; select v from x limit 3",
                         "select v into nodb..x from m"):
                self.same(text, headers={"Accept": accept})

    def test_needs_a_database(self):
        self.same("select v into db..x from db..m; select v into x from db..m", db="")


if __name__ == "__main__":
    unittest.main()
