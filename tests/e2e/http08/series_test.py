"""Writing and reading over InfluxDB 0.8's API: bodies, precisions, identities of points, errors,
headers, and the same data as 1.x sees it."""

import gzip
import json
import unittest

from api import ApiTest


def series(name, columns, *points):
    return [{"name": name, "columns": columns, "points": [list(point) for point in points]}]


class Series(ApiTest):
    def setUp(self):
        self.assertEqual(self.api.text("POST", "/db", {"name": "db"})[0], 201)

    def tearDown(self):
        self.api.text("DELETE", "/db/db")

    def test_databases(self):
        api = self.api
        self.assertIn({"name": "db"}, api.json("/db"))
        self.assertEqual(api.text("POST", "/db", {"name": "db"}), (409, "database db exists"))
        self.assertEqual(api.text("POST", "/db", {"name": ""}),
                         (400, "Unable to create database without name"))
        self.assertEqual(api.text("POST", "/db", {"name": "a%b"}),
                         (400, "a%b isn't a valid db name"))
        self.assertEqual(api.text("POST", "/db", "{")[0], 400)
        self.assertEqual(api.text("DELETE", "/db/nowhere"),
                         (400, "Database nowhere doesn't exist"))
        self.assertEqual(api.text("DELETE", "/db/db"), (204, ""))
        self.assertNotIn({"name": "db"}, api.json("/db"))

    def test_writes_and_reads_newest_first(self):
        body = series("events", ["time", "state", "value"], [1400425947, "ny", 3],
                      [1400425948, "mn", None])
        self.assertEqual(self.api.write(body, time_precision="s"), (200, ""))
        answer = self.api.query("select * from events")[0]
        self.assertEqual(answer["name"], "events")
        self.assertEqual(answer["columns"][:2], ["time", "sequence_number"])
        rows = self.api.rows("select * from events")
        self.assertEqual([(r["time"], r["state"], r["value"]) for r in rows],
                         [(1400425948000, "mn", None), (1400425947000, "ny", 3)])
        self.assertTrue(all(r["sequence_number"] % 10000 == 1 for r in rows))
        for precision, unit in (("s", 1), ("m", 1000), ("ms", 1000), ("u", 1000000)):
            rows = self.api.rows("select value from events limit 1", time_precision=precision)
            self.assertEqual(rows[0]["time"], 1400425947 * unit, precision)

    def test_precisions_of_writes(self):
        for precision, time in (("u", 5_000_000), ("ms", 5000), ("m", 5000), ("s", 5),
                                (None, 5000)):
            given = {} if precision is None else {"time_precision": precision}
            self.api.write(series("p", ["time", "sequence_number", "v"], [time, 1, 1]), **given)
        self.assertEqual(self.api.rows("select * from p"),
                         [{"time": 5000, "sequence_number": 1, "v": 1}])
        self.assertEqual(self.api.write([], time_precision="x"),
                         (400, "Unknown time precision x"))
        self.assertEqual(
            self.api.text("GET", "/db/db/series", q="select * from p", time_precision="x"),
            (400, "Unknown time precision x"))

    def test_a_point_is_written_again_by_its_number(self):
        write = self.api.write
        write(series("s", ["time", "sequence_number", "a", "b"], [1000, 10, 1, 1]))
        write(series("s", ["time", "sequence_number", "a"], [1000, 10, 2]))
        self.assertEqual(self.api.rows("select * from s"),
                         [{"time": 1000, "sequence_number": 10, "a": 2, "b": 1}])
        write(series("s", ["time", "sequence_number", "a"], [1000, 11, 3]))
        self.assertEqual([r["a"] for r in self.api.rows("select a from s")], [3, 2])
        # Its place in the microsecond is taken by number 10.
        status, text = write(series("s", ["time", "sequence_number", "a"], [1000, 1010, 9]))
        self.assertEqual(status, 400)
        self.assertIn("another point with this time and another sequence number exists", text)
        self.assertEqual(len(self.api.rows("select a from s")), 2)

    def test_many_points_of_one_time_and_a_restart(self):
        points = [[7000, i] for i in range(500)]
        self.assertEqual(self.api.write(series("many", ["time", "v"], *points)), (200, ""))
        self.assertEqual(self.api.write(series("many", ["time", "v"], *points)), (200, ""))
        self.assertEqual(self.api.rows("select count(v) from many")[0]["count"], 1000)
        status, text = self.api.write(series("many", ["time", "v"], [7000, 1]))
        self.assertEqual(status, 400)
        self.assertIn("another sequence number exists", text)
        self.server.restart()
        self.api.write(series("later", ["time", "v"], [7000, 1]))
        self.assertEqual(self.api.rows("select count(v) from many")[0]["count"], 1000)
        # Without times they go on in the next microsecond.
        self.assertEqual(self.api.write(series("now", ["v"], *[[i] for i in range(2500)])),
                         (200, ""))
        self.assertEqual(self.api.rows("select count(v) from now")[0]["count"], 2500)

    def test_places_taken_before_a_restart_are_passed_over(self):
        self.api.write(series("half", ["time", "v"], *[[9000, i] for i in range(500)]))
        self.server.restart()
        before = self.server.metric("varve_http_points_total", result="stored")
        self.assertEqual(self.api.write(series("half", ["time", "v"],
                                               *[[9000, i] for i in range(500, 900)])), (200, ""))
        rows = self.api.rows("select v from half")
        self.assertEqual(sorted(r["v"] for r in rows), list(range(900)))
        self.assertEqual(len({r["sequence_number"] for r in rows}), 900)
        self.assertEqual(self.server.metric("varve_http_points_total", result="stored"),
                         before + 400)
        _, _, rejects = self.server.request("GET", "/varve/v1/rejects")
        self.assertNotIn(b"half", rejects)

    def test_types_side_by_side(self):
        self.api.write(series("mixed", ["time", "v"], [1, 1], [2, 2.5], [3, "x"], [4, True]))
        self.assertEqual([r["v"] for r in self.api.rows("select v from mixed")],
                         [True, "x", 2.5, 1])

    def test_what_its_own_tests_expect(self):
        write, rows = self.api.write, self.api.rows
        write(series("foo", ["time", "val"], [1, 1], [3, 2])
              + series("bar", ["time", "val"], [2, 3], [4, 4]), time_precision="s")
        joined = rows("select foo.val + bar.val from foo inner join bar where bar.val <> 3")
        self.assertEqual([list(r.values())[-1] for r in joined], [6])
        write(series("two", ["time", "val1", "val2"], [1, 2, 5]), time_precision="s")
        self.assertEqual(rows("select val2-val1 from two")[0]["expr0"], 3)
        values = [0, 10, 20, 40, 80, 160]
        write(series("steps", ["time", "v"], *[[i * 10, v] for i, v in enumerate(values)]),
              time_precision="s")
        steps = rows("select difference(v) from steps group by time(20s) order asc")
        self.assertEqual([r["difference"] for r in steps], [10, 20, 80])
        write(series("slope", ["time", "v"], [1, 10], [2, 20]), time_precision="s")
        self.assertEqual(rows("select derivative(v) from slope")[0]["derivative"], 10)
        self.assertEqual(rows("select count(v) from slope")[0]["time"], 0)
        # Points of the future are not seen unless they are asked for.
        write(series("later", ["time", "v"], [4000000000, 1]), time_precision="s")
        self.assertEqual(self.api.query("select v from later"), [])
        self.assertEqual(len(rows("select v from later where time < 4000000001s")), 1)

    def test_continuous_queries_copy(self):
        self.assertEqual(self.api.query("select * from s2 into :series_name.foo.[c3]"), [])
        self.assertEqual([p[1:] for p in
                          self.api.query("list continuous queries")[0]["points"]],
                         [[1, "select * from s2 into :series_name.foo.[c3]"]])
        self.assertEqual(self.api.write(series("s2", ["time", "c3", "c4"], [1000, 3, 4])),
                         (200, ""))
        original = self.api.rows("select * from s2")[0]
        copy = self.api.rows("select * from s2.foo.3")[0]
        self.assertEqual(copy, {"time": 1000, "c4": 4,
                                "sequence_number": original["sequence_number"]})
        self.assertEqual(self.api.query("drop continuous query 1"), [])

    def test_gzip_both_ways(self):
        body = gzip.compress(json.dumps(series("z", ["v"], [1])).encode())
        status, _, text = self.api.ask("POST", "/db/db/series", body,
                                       {"Content-Encoding": "gzip"})
        self.assertEqual((status, text), (200, ""))
        self.api.write(series("z", ["v"], *[[i] for i in range(300)]))
        status, headers, answer = self.server.request(
            "GET", "/db/db/series?q=select+*+from+z", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((status, headers["Content-Encoding"]), (200, "gzip"))
        self.assertEqual(len(json.loads(gzip.decompress(answer))[0]["points"]), 301)

    def test_refused_writes_say_why(self):
        refused = {
            "[{": "invalid JSON",
            '{"name":"s"}': "invalid payload",
            '[{"name":"s","columns":["a","b"],"points":[[1]]}]': "invalid payload",
            '[{"name":"s","columns":["time"],"points":[["x"]]}]':
                "time field must be float but is string (x)",
            '[{"name":"s","columns":["a"],"points":[[[1]]]}]': "Unknown type",
            '[{"name":"s","columns":["a","a"],"points":[[1,1]]}]':
                "Cannot have duplicate field names",
            '[{"name":"","columns":["a"],"points":[[1]]}]': "Series name cannot be empty",
        }
        for body, text in refused.items():
            status, headers, answer = self.api.ask("POST", "/db/db/series", body)
            self.assertEqual(status, 400, body)
            self.assertTrue(answer.startswith(text), (body, answer))
            self.assertTrue(headers["Content-Type"].startswith("text/plain"))
        self.assertEqual(self.api.write(series("s", ["a"], [1]), db="nowhere"),
                         (400, "Database nowhere doesn't exist"))
        self.assertEqual(self.api.query("list series")[0:1], [])

    def test_refused_queries_say_why(self):
        self.assertEqual(self.api.text("GET", "/db/db/series", q="select * from nothing"),
                         (400, "Couldn't find series: nothing"))
        self.assertEqual(self.api.text("GET", "/db/nowhere/series", q="select * from a"),
                         (400, "Database nowhere doesn't exist"))
        status, headers, answer = self.api.ask("GET", "/db/db/series", q="select")
        self.assertEqual((status, len(answer.split("\n"))), (400, 3))
        self.assertTrue(headers["Content-Type"].startswith("text/plain"))
        self.assertEqual(self.api.query("select * from /nothing/"), [])

    def test_deletes(self):
        self.api.write(series("a.b", ["time", "v"], [1, 1], [2, 2]) + series("c", ["v"], [1]))
        self.assertEqual(self.api.query("delete from a.b where time < 1u"), [])
        self.assertEqual(self.api.text("DELETE", "/db/db/series/a.b"), (204, ""))
        listed = self.api.query("list series")[0]["points"]
        self.assertEqual(listed, [[0, "c"]])
        self.api.write(series("with/slash", ["v"], [1]))
        self.assertEqual(self.api.text("DELETE", "/db/db/series/with%2Fslash"), (204, ""))
        self.assertEqual(len(self.api.query("list series")[0]["points"]), 1)

    def test_chunked_and_pretty(self):
        self.api.write(series("a", ["v"], [1]) + series("b", ["v"], [2]))
        status, _, answer = self.api.ask("GET", "/db/db/series", q="select v from /./",
                                         chunked="true")
        self.assertEqual(status, 200)
        decoder, names = json.JSONDecoder(), []
        while answer:
            piece, end = decoder.raw_decode(answer)
            names.append(piece["name"])
            answer = answer[end:]
        self.assertEqual(names, ["a", "b"])
        _, _, answer = self.api.ask("GET", "/db", pretty="true")
        self.assertIn("\n    {\n        \"name\"", answer)

    def test_headers_of_every_answer(self):
        for method, path in (("GET", "/db"), ("GET", "/db/db/series"), ("OPTIONS", "/db/x/series"),
                             ("POST", "/db/db/series"), ("OPTIONS", "/cluster_admins"),
                             ("GET", "/interfaces"), ("GET", "/db/x/y/z"), ("PUT", "/db")):
            status, headers, _ = self.server.request(method, path)
            self.assertEqual(headers.get("Access-Control-Allow-Origin"), "*", path)
            self.assertEqual(headers["Access-Control-Max-Age"], "2592000")
            self.assertEqual(headers["Access-Control-Allow-Methods"], "GET, POST, PUT, DELETE")
            self.assertEqual(headers["Access-Control-Allow-Headers"],
                             "Origin, X-Requested-With, Content-Type, Accept")
            self.assertIn("X-Influxdb-Version", headers)
            self.assertNotIn("X-Influxdb-Error", headers)
            if method == "OPTIONS":
                self.assertEqual(status, 200)
        self.assertEqual(self.api.text("GET", "/db/x/y/z")[0], 404)
        self.assertEqual(self.api.text("DELETE", "/sync")[0], 405)
        _, headers, _ = self.server.request("GET", "/query?q=show+databases")
        self.assertNotIn("Access-Control-Allow-Origin", headers)

    def test_1x_sees_the_same_data(self):
        self.api.write(series("both", ["time", "sequence_number", "v"], [1000, 7, 1.5]))
        self.assertEqual(self.server.rows("select * from both"), [[1000000007, 7, 1.5]])
        self.server.write("both,host=a v=2.5 2000000000")
        self.assertEqual([(r["time"], r["v"], r["host"]) for r in
                          self.api.rows("select v, host from both")],
                         [(2000, 2.5, "a"), (1000, 1.5, None)])

    def test_figures_and_rejected_rows(self):
        before = self.server.metric("varve_http_points_total", result="stored")
        self.api.write(series("f", ["time", "sequence_number", "v"], [1, 1, 1], [1, 1001, 2]))
        self.assertEqual(self.server.metric("varve_http_points_total", result="stored"), before + 1)
        _, _, rejects = self.server.request("GET", "/varve/v1/rejects")
        self.assertIn(b"identity_clash", rejects)

    def test_cluster(self):
        api = self.api
        self.assertEqual(api.json("/sync"), True)
        self.assertEqual(api.json("/interfaces"), [])
        self.assertEqual(api.text("POST", "/raft/force_compaction"), (200, "OK"))
        server = api.json("/cluster/servers")[0]
        self.assertEqual((server["id"], server["isUp"], server["isLeader"]), (1, True, True))
        self.assertEqual(api.text("DELETE", "/cluster/servers/1")[0], 400)
        self.assertIn({"name": "db"}, api.json("/cluster/configuration")["databases"])
        self.assertEqual(self.server.request("GET", "/ping")[0], 204)


if __name__ == "__main__":
    unittest.main()
