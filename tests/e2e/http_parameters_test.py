"""Parameters and headers of the 1.x faces, letter by letter as a real influxd answers them."""

import json
import os
import unittest

from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
POINTS = b'"values":[["1970-01-01T00:00:01Z",1],["1970-01-01T00:00:02Z",2]]'


class Face(unittest.TestCase):
    SETTINGS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD, settings=cls.SETTINGS)
        cls.server.start()
        cls.server.query("create database d")
        cls.server.write("cpu v=1 1000000000\ncpu v=2 2000000000", db="d")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def ask(self, target, body=None, method=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request(method or ("POST" if body else "GET"), target, body, headers)


class Headers(Face):
    def test_every_answer_has_a_content_type(self):
        for target in ("/ping", "/status", "/query?db=d&q=select+v+from+cpu&async=true"):
            status, headers, _ = self.ask(target)
            self.assertEqual((status, headers["Content-Type"]), (204, "application/json"))

    def test_unknown_paths_name_the_server(self):
        for method, target in (("GET", "/nope"), ("GET", "/query/"), ("POST", "/api/v2/delete"),
                               ("DELETE", "/"), ("POST", "/")):
            status, headers, body = self.ask(target, method=method)
            self.assertEqual((status, body), (404, b"404 page not found\n"), (method, target))
            self.assertEqual((headers["X-Influxdb-Version"], headers["X-Influxdb-Build"],
                              headers["X-Content-Type-Options"]), ("1.8.10", "OSS", "nosniff"))
            self.assertNotIn("Request-Id", headers)

    def test_errors_stand_in_the_header_in_every_format(self):
        for target, headers in (("/query?q=sel", {}), ("/query?q=sel&pretty=true", {}),
                                ("/query?q=sel", {"Accept": "text/csv"})):
            text = self.ask(target, **headers)[1]["X-Influxdb-Error"]
            self.assertTrue(text.startswith("error parsing query: found sel, expected SELECT"))

    def test_request_ids(self):
        for sent, expected in (({"X-Request-Id": "abc"}, "abc"), ({"Request-Id": "def"}, "def"),
                               ({"X-Request-Id": "abc", "Request-Id": "def"}, "abc")):
            _, headers, _ = self.server.request("GET", "/query?q=show+databases", None, sent)
            self.assertEqual((headers["Request-Id"], headers["X-Request-Id"]),
                             (expected, expected))
        made = self.ask("/ping")[1]["Request-Id"]
        self.assertRegex(made, "^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$")

    def test_cross_origin(self):
        for method, target in (("OPTIONS", "/query"), ("OPTIONS", "/write"),
                               ("GET", "/query?q=show+databases")):
            status, headers, body = self.ask(target, method=method, Origin="http://x")
            self.assertEqual(status, 200)
            self.assertEqual(headers["Access-Control-Allow-Origin"], "http://x")
            self.assertEqual(headers["Access-Control-Allow-Methods"],
                             "DELETE, GET, OPTIONS, POST, PUT")
            self.assertEqual(headers["Access-Control-Allow-Headers"],
                             "Accept, Accept-Encoding, Authorization, Content-Length, "
                             "Content-Type, X-CSRF-Token, X-HTTP-Method-Override")
            self.assertEqual(headers["Access-Control-Expose-Headers"],
                             "Date, X-InfluxDB-Version, X-InfluxDB-Build")
            self.assertEqual(body == b"", method == "OPTIONS")
        self.assertNotIn("Access-Control-Allow-Origin", self.ask("/ping")[1])

    def test_flux_is_off(self):
        status, headers, body = self.ask("/api/v2/query", "buckets()")
        self.assertEqual((status, headers["Content-Type"]), (403, "text/plain; charset=utf-8"))
        self.assertEqual(body, b"Flux query service disabled. Verify flux-enabled=true in the "
                               b"[http] section of the InfluxDB config.\n")


class Parameters(Face):
    def test_the_form_comes_before_the_url(self):
        for target, form in (("/query?db=d", "q=select+v+from+cpu"),
                             ("/query?db=nope", "q=select+v+from+cpu&db=d"),
                             ("/query?db=d&q=select+v+from+nope", "q=select+v+from+cpu")):
            status, _, body = self.server.request("POST", target, form, FORM)
            self.assertEqual(status, 200)
            self.assertIn(POINTS, body, (target, form))
        form = "q=select+v+from+cpu&epoch=ms"
        body = self.server.request("POST", "/query?db=d&epoch=s", form, FORM)[2]
        self.assertIn(b'"values":[[1000,1],[2000,2]]', body)

    def test_pretty_counts_only_in_the_url(self):
        form = "q=select+v+from+cpu"
        body = self.server.request("POST", "/query?db=d", form + "&pretty=true", FORM)[2]
        self.assertIn(POINTS, body)
        body = self.server.request("POST", "/query?db=d&pretty=true", form, FORM)[2]
        self.assertTrue(body.startswith(b'{\n    "results": ['), body)

    def test_multipart_query(self):
        for disposition in (b'name="q"; filename="q.txt"', b'name="q"'):
            part = (b"--B\r\nContent-Disposition: form-data; " + disposition +
                    b"\r\n\r\nselect v from cpu\r\n--B--\r\n")
            body = self.ask("/query?db=d", part, Content_Type="multipart/form-data; boundary=B")[2]
            self.assertIn(POINTS, body)

    def test_epoch(self):
        for epoch, first in (("u", 1_000_000), ("ms", 1000), ("s", 1), ("m", 0), ("h", 0),
                             ("ns", 10**9), ("n", 10**9), ("us", 10**9), ("%C2%B5", 10**9),
                             ("bogus", 10**9)):
            body = self.ask(f"/query?db=d&q=select+v+from+cpu&epoch={epoch}")[2]
            row = json.loads(body)["results"][0]["series"][0]["values"][0]
            self.assertEqual(row, [first, 1], epoch)

    def test_async(self):
        target = "/query?async=true&q="
        self.assertEqual(self.ask(target + "create+database+later", method="POST")[0], 204)
        eventually(lambda: ["later"] in self.server.rows("show databases"))
        status, headers, body = self.ask(target + "sel", method="POST")
        self.assertEqual(status, 400)
        self.assertTrue(json.loads(body)["error"].startswith("error parsing query"))
        self.assertIn("X-Influxdb-Error", headers)

    def test_chunk_sizes(self):
        start = "/query?db=d&q=select+v+from+cpu"
        for rest, documents in (("&chunked=true&chunk_size=1", 2), ("&chunked=true", 1),
                                ("&chunked=1", 1), ("&chunk_size=1", 1),
                                ("&chunked=true&chunk_size=x", 1),
                                ("&chunked=true&chunk_size=-1", 1)):
            self.assertEqual(len(self.ask(start + rest)[2].splitlines()), documents, rest)

    def test_long_answers_are_compressed(self):
        self.server.write("\n".join(f"long v={i} {i}" for i in range(500)), db="d")
        _, headers, body = self.ask("/query?db=d&q=select+v+from+long", Accept_Encoding="gzip")
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertTrue(body.startswith(b"\x1f\x8b"))


class RowLimit(Face):
    SETTINGS = ("http.max_row_limit=3",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.write("\n".join(f"m,h={h} v={t} {t}000000000"
                                   for h in "abc" for t in range(2)), db="d")

    def series(self, text, **parameters):
        results = self.server.query(text, db="d", epoch="s", **parameters)["results"]
        return [[(len(series.get("values", [])), series.get("partial", False))
                 for series in result.get("series", [])] for result in results]

    def test_rows_beyond_are_dropped_and_the_series_says_so(self):
        self.assertEqual(self.series("select v from m"), [[(3, True)]])
        self.assertEqual(self.series("select v from m limit 3"), [[(3, False)]])
        self.assertEqual(self.series("select v from m group by h"), [[(2, False), (1, True)]])

    def test_it_counts_over_all_statements(self):
        self.assertEqual(self.series("select v from cpu;select v from cpu;show databases"),
                         [[(2, False)], [(1, True)]])

    def test_csv(self):
        body = self.ask("/query?db=d&q=select+v+from+m", Accept="text/csv")[2]
        self.assertEqual(len(body.splitlines()), 1 + 3)

    def test_chunks_have_no_limit(self):
        body = self.ask("/query?db=d&q=select+v+from+m&chunked=true")[2]
        self.assertEqual(len(json.loads(body)["results"][0]["series"][0]["values"]), 6)


if __name__ == "__main__":
    unittest.main()
