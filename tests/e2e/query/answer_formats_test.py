"""MessagePack, CSV and JSON answers, byte by byte as a real influxd gives them; and what the Accept
header chooses."""

import os
import unittest
import urllib.parse

from influxd import Influxd
from varved import Varved

BUILD = os.environ["TEST_BUILD"]
MSGPACK = "application/x-msgpack"
LINES = "".join(f"{line}\n" for line in (
    'm,t=a f=1.5,i=-200i,s="x",b=true,n=70000i 1000000001',
    'm,t=b f=2,i=5i,b=false 1500000000123456789',
    'm,t=b i=5000000000i,n=-5i -5',
    'm,t=c i=127i,n=128i 1', 'm,t=c i=-128i,n=-129i 2', 'm,t=c i=32767i,n=32768i 3',
    'm,t=c i=-32768i,n=-32769i 4', 'm,t=c i=2147483647i,n=2147483648i 5',
    'm,t=c i=-2147483648i,n=-2147483649i 6', 'm,t=c i=9223372036854775807i,n=-33i 7',
    'm,t=c s="' + "y" * 31 + '" 8', 'm,t=c s="' + "y" * 32 + '" 9',
    'm,t=c s="' + "y" * 255 + '" 10', 'm,t=c s="' + "y" * 256 + '" 11',
    *(f"many,t={i % 20} v={i} {i}" for i in range(70000))))
QUERIES = (
    ("select * from m", {}),
    ("select * from m group by t", {}),
    ("select * from m", {"epoch": "ms"}),
    ("select * from m", {"epoch": "ns"}),
    ("select f from nope", {}),
    ("select f from m; select i from m", {}),
    ("select f from m", {"db": ""}),
    ("show databases", {}),
    ("show shards", {}),
    ("show measurements; show tag keys; show field keys", {}),
    ("select count(f), mean(f) from m", {}),
    ("select mean(v) from many where time < 70u group by time(1u), t", {}),
    ("select v from many limit 15", {}),
    ("select v from many limit 16", {}),
    ("select v from many limit 9999", {}),
    ("select v from many group by t", {"chunked": "true", "chunk_size": "1000"}),
    ("select f, i from m", {"chunked": "true", "chunk_size": "2"}),
    ("create database other", {}),
)


def ask(server, text, accept, method="GET", **params):
    """Status, content type and body."""
    query = urllib.parse.urlencode({"db": "d", "q": text, **params})
    status, headers, body = server.request(method, "/query?" + query, headers={"Accept": accept})
    return status, headers.get("Content-Type"), body


class AnswerFormats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.varve = Varved(BUILD)
        cls.varve.start()
        cls.influxd = Influxd().__enter__()
        for server in (cls.varve, cls.influxd):
            ask(server, "create database d", "*/*", "POST")
            ask(server, "create database empty", "*/*", "POST")
            assert server.write(LINES, "d")[0] == 204

    @classmethod
    def tearDownClass(cls):
        cls.influxd.__exit__()
        cls.varve.__exit__()

    def both(self, text, accept, params):
        got = ask(self.varve, text, accept, **params)
        wanted = ask(self.influxd, text, accept, **params)
        self.assertEqual(got[:2], wanted[:2])
        self.assertEqual(len(got[2]), len(wanted[2]))
        self.assertTrue(got[2] == wanted[2], f"{got[2][:500]}\n{wanted[2][:500]}")

    def test_answers(self):
        for accept in (MSGPACK, "text/csv", "application/json"):
            for text, params in QUERIES:
                with self.subTest(accept=accept, text=text, params=params):
                    self.both(text, accept, params)

    def test_refusals(self):
        for accept in (MSGPACK, "text/csv", "application/json"):
            with self.subTest(accept=accept):
                self.both("selec", accept, {})

    def test_a_failed_statement_says_why(self):
        """influxd's MessagePack answer loses the reason ("not executed")."""
        status, _, body = ask(self.varve, "select f from m; select bogus(f) from m", MSGPACK)
        self.assertEqual(status, 200)
        self.assertTrue(body.endswith(b"\x81\xa5error\xbaundefined function bogus()"), body)

    def test_accept_header(self):
        for accept, wanted in (
                ("", "application/json"), ("*/*", "application/json"),
                ("text/html", "application/json"), ("text/html, text/csv", "text/csv"),
                ("application/csv", "application/csv"),
                ("application/json, " + MSGPACK, "application/json"),
                (MSGPACK + ";q=0.5, text/csv", "text/csv"),
                ("text/csv;q=0.1, " + MSGPACK + "; q=0.9", MSGPACK),
                (MSGPACK + ", */*;q=0.8", MSGPACK)):
            with self.subTest(accept=accept):
                self.assertEqual(ask(self.varve, "show databases", accept)[1], wanted)


if __name__ == "__main__":
    unittest.main()
