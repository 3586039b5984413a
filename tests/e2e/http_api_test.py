"""The HTTP faces: pages of the kernel, headers, /query forms, admin."""

import json
import os
import unittest

from varved import Varved

BUILD = os.environ["TEST_BUILD"]


class HttpApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD)
        cls.server.start()
        cls.server.query("create database db")
        cls.server.write("cpu,host=a v=1,n=10i 0\ncpu,host=a v=2,n=20i 10000000000\n"
                         "cpu,host=b v=3,n=5i 0\ncpu,host=b v=9,n=25i 40000000000")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def get(self, target, **headers):
        return self.server.request("GET", target, headers=headers)

    def test_ping_and_status(self):
        for method, target in (("GET", "/ping"), ("HEAD", "/ping"), ("GET", "/status")):
            status, headers, body = self.server.request(method, target)
            self.assertEqual((status, body), (204, b""))
            self.assertEqual(headers["X-Influxdb-Version"], "1.8.10")
            self.assertEqual(headers["X-Influxdb-Build"], "OSS")
            self.assertEqual(headers["Request-Id"], headers["X-Request-Id"])
        status, _, body = self.get("/ping?verbose=true")
        self.assertEqual((status, json.loads(body)), (200, {"version": "1.8.10"}))
        self.assertEqual(self.get("/ping", **{"X-Request-Id": "abc"})[1]["Request-Id"], "abc")

    def test_health_and_ready(self):
        status, _, body = self.get("/health")
        self.assertEqual((status, json.loads(body)),
                         (200, {"checks": [], "message": "ready for queries and writes",
                                "name": "influxdb", "status": "pass", "version": "1.8.10"}))
        for target in ("/ready", "/-/ready", "/-/healthy"):
            self.assertEqual(self.get(target)[0], 200)

    def test_front_page_says_where_to_go(self):
        status, headers, body = self.get("/")
        self.assertEqual(status, 200)
        self.assertIn("text/html", headers["Content-Type"])
        for target in (b"/health", b"/metrics", b"/varve/v1/plugins"):
            self.assertIn(target, body)

    def test_unknown_path_and_method(self):
        status, _, body = self.get("/nonsense")
        self.assertEqual((status, body), (404, b"404 page not found\n"))
        status, headers, _ = self.server.request("DELETE", "/query")
        self.assertEqual(status, 405)
        self.assertIn("POST", headers["Allow"])

    def test_metrics(self):
        self.assertEqual(self.server.metric("varve_build_info"), 1)
        before = self.server.metric("varve_write_rows_total")
        self.server.write("counted v=1,w=2 1\ncounted v=1,w=2 2")
        self.assertEqual(self.server.metric("varve_write_rows_total"), before + 2)

    def test_query_forms(self):
        expected = {"results": [{"statement_id": 0, "series": [
            {"name": "cpu", "columns": ["time", "mean"],
             "values": [["1970-01-01T00:00:00Z", 3.75]]}]}]}
        target = "/query?db=db&q=select+mean(v)+from+cpu"
        self.assertEqual(json.loads(self.get(target)[2]), expected)
        self.assertEqual(json.loads(self.server.request("POST", target)[2]), expected)
        self.assertEqual(self.get("/query?db=db")[0], 400)
        self.assertEqual(json.loads(self.get("/query?db=db")[2]),
                         {"error": 'missing required parameter "q"'})
        status, headers, body = self.get("/query?q=sel")
        self.assertEqual(status, 400)
        self.assertTrue(json.loads(body)["error"].startswith("error parsing query: found sel"))
        self.assertIn("X-Influxdb-Error", headers)

    def test_errors_of_statements_are_200(self):
        for target, text in (("/query?q=select+v+from+cpu", "database name required"),
                             ("/query?db=nope&q=select+v+from+cpu", "database not found: nope")):
            status, _, body = self.get(target)
            self.assertEqual((status, json.loads(body)),
                             (200, {"results": [{"statement_id": 0, "error": text}]}))

    def test_epoch_and_csv(self):
        rows = json.loads(self.get("/query?db=db&epoch=s&q=select+v+from+cpu+where+host='a'")[2])
        self.assertEqual(rows["results"][0]["series"][0]["values"], [[0, 1], [10, 2]])
        _, headers, body = self.get("/query?db=db&q=select+v+from+cpu+group+by+host",
                                    Accept="application/csv")
        self.assertEqual(headers["Content-Type"], "application/csv")
        self.assertEqual(body.decode().splitlines()[:2], ["name,tags,time,v", "cpu,host=a,0,1"])

    def test_chunked(self):
        _, _, body = self.get("/query?db=db&chunked=true&chunk_size=1"
                              "&q=select+v+from+cpu+group+by+host")
        documents = [json.loads(line) for line in body.splitlines()]
        self.assertEqual(len(documents), 4)
        self.assertTrue(documents[0]["results"][0]["partial"])
        self.assertNotIn("partial", documents[-1]["results"][0])

    def test_gzip_answers(self):
        _, headers, _ = self.get("/query?db=db&q=select+*+from+cpu", **{"Accept-Encoding": "gzip"})
        self.assertIn(headers.get("Content-Encoding", ""), ("gzip", ""))

    def test_group_by_time_and_tags(self):
        answer = self.server.query("select mean(v) from cpu where time >= 0 and time < 60s "
                                   "group by time(20s), host fill(none)", epoch="s")
        self.assertEqual([(s["tags"]["host"], s["values"]) for s in answer["results"][0]["series"]],
                         [("a", [[0, 1.5]]), ("b", [[0, 3], [40, 9]])])

    def test_long_urls(self):
        padding = "+" * 60_000
        self.assertEqual(self.get("/query?db=db&q=select" + padding + "v+from+cpu")[0], 200)

    def test_admin(self):
        cards = json.loads(self.get("/varve/v1/plugins")[2])
        ids = [p["id"] for entry in cards["loaded"] for p in entry["plugins"]]
        for wanted in ("inputs.http", "inputs.udp", "inputs.graphite", "storage.strata",
                       "storage.memory", "functions.aggregate"):
            self.assertIn(wanted, ids)
        self.assertEqual(cards["refused"], [])
        self.assertEqual(self.get("/varve/v1/storage/status")[0], 200)
        self.assertEqual(self.server.request("POST", "/varve/v1/storage/compact?wait=true")[0], 200)
        self.assertIn(b"http.bind_address = ", self.get("/varve/v1/config")[2])

    def test_configured_headers_are_on_every_answer(self):
        with Varved(BUILD, settings=("http.headers.X-Site=north",
                                     "http.headers.X-Robots-Tag=noindex, nofollow")) as server:
            for method, target, wanted in (("GET", "/ping", 204), ("GET", "/nonsense", 404),
                                           ("DELETE", "/query", 405), ("GET", "/query", 400),
                                           ("GET", "/query?q=show+databases", 200)):
                status, headers, _ = server.request(method, target)
                self.assertEqual(status, wanted)
                self.assertEqual(headers["X-Site"], "north", target)
                self.assertEqual(headers["X-Robots-Tag"], "noindex, nofollow")


if __name__ == "__main__":
    unittest.main()
