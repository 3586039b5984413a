"""Shard spaces of InfluxDB 0.8: which series goes where, how long it is kept, and 1.x's view."""

import time
import unittest

from api import ApiTest
from varved import eventually


def point(name, at_s, value=1):
    return {"name": name, "columns": ["time", "v"], "points": [[at_s, value]]}


class ShardSpaces(ApiTest):
    def setUp(self):
        self.api.text("POST", "/db", {"name": "db"})

    def tearDown(self):
        self.api.text("DELETE", "/db/db")

    def make(self, name, regex, **more):
        return self.api.text("POST", "/cluster/shard_spaces/db",
                             {"name": name, "regex": regex, **more})

    def spaces(self):
        return [space for space in self.api.json("/cluster/shard_spaces")
                if space["database"] == "db"]

    def test_are_retention_policies(self):
        self.assertEqual(self.make("short", "/^tmp/i", retentionPolicy="30d", shardDuration="7d",
                                   replicationFactor=1, split=1), (200, ""))
        self.assertEqual(self.spaces(), [
            {"name": "short", "database": "db", "regex": "/^tmp/i", "retentionPolicy": "30d",
             "shardDuration": "7d", "replicationFactor": 1, "split": 1},
            {"name": "autogen", "database": "db", "regex": "/.*/", "retentionPolicy": "inf",
             "shardDuration": "7d", "replicationFactor": 1, "split": 1}])
        policies = self.server.rows("show retention policies on db")
        self.assertIn(["short", "720h0m0s", "168h0m0s", 1, False], policies)
        change = "/cluster/shard_spaces/db/short"
        self.assertEqual(self.api.text("POST", change, {"retentionPolicy": "60d", "regex": "/x/"}),
                         (200, ""))
        self.assertEqual((self.spaces()[0]["retentionPolicy"], self.spaces()[0]["regex"]),
                         ("60d", "/x/"))
        self.server.restart()
        self.assertEqual(self.spaces()[0]["regex"], "/x/")
        self.assertEqual(self.api.text("DELETE", change), (200, ""))
        self.assertEqual([space["name"] for space in self.spaces()], ["autogen"])

    def test_series_go_to_the_first_that_has_them(self):
        self.make("a", "/^a/")
        self.make("ab", "/^ab|^b/")
        now = int(time.time()) - 10
        body = [point(name, now, value) for name, value in
                (("a1", 1), ("ab", 2), ("b", 3), ("c", 4))]
        self.assertEqual(self.api.write(body, time_precision="s"), (200, ""))
        for name, policy in (("a1", "a"), ("ab", "a"), ("b", "ab"), ("c", "autogen")):
            self.assertEqual(len(self.server.rows(f"select v from db.{policy}.{name}")), 1, name)
            self.assertEqual(len(self.api.rows(f"select v from {name}")), 1, name)
        self.assertEqual([s["name"] for s in self.api.query("select v from /./")],
                         ["a1", "ab", "b", "c"])
        self.assertEqual([p[1] for p in self.api.query("list series")[0]["points"]],
                         ["a1", "ab", "b", "c"])
        self.assertEqual([p[1:] for p in self.api.query("list series include spaces")[0]["points"]],
                         [["a1", "a"], ["ab", "a"], ["b", "ab"], ["c", "autogen"]])
        merged = self.api.query("select v from merge(/./)")[0]["points"]
        self.assertEqual(len(merged), 4)
        shards = [s for s in self.api.json("/cluster/shards") if s["database"] == "db"]
        self.assertEqual(sorted(s["spaceName"] for s in shards), ["a", "ab", "autogen"])
        self.assertEqual(self.api.text("DELETE", "/db/db/series/b"), (204, ""))
        self.assertEqual(self.server.rows("select v from db.ab.b"), [])

    def test_old_points_vanish_without_a_word(self):
        self.make("hours", "/^tmp/", retentionPolicy="2h", shardDuration="1h")
        now = int(time.time()) - 10
        self.assertEqual(self.api.write([point("tmp", now - 86400), point("tmp", now)],
                                        time_precision="s"), (200, ""))
        self.assertEqual(len(self.api.rows("select v from tmp")), 1)

    def test_refusals(self):
        self.assertEqual(self.make("", "/./"), (400, "Shard space must have a name"))
        self.assertEqual(self.make("x", ""), (400, "A regex is required for a shard space"))
        self.make("x", "/x/")
        self.assertEqual(self.make("x", "/y/"), (400, "Shard space x exists for db db"))
        self.assertEqual(self.make("autogen", "/y/"),
                         (400, "Shard space autogen exists for db db"))
        self.assertEqual(self.make("y", "/(/")[0], 400)
        self.assertEqual(self.make("y", "/y/", retentionPolicy="long")[0], 400)
        self.assertEqual(self.api.text("POST", "/cluster/shard_spaces/nowhere",
                                       {"name": "a", "regex": "/./"}),
                         (400, "Database 'nowhere' doesn't exist."))
        self.assertEqual(self.api.text("POST", "/cluster/shard_spaces/nowhere/a", {}),
                         (406, "Can't update a shard space for a database that doesn't exist"))
        self.assertEqual(self.api.text("POST", "/cluster/shard_spaces/db/nothing", {}),
                         (406, "Can't update a shard space that doesn't exist"))
        self.assertEqual(self.api.text("DELETE", "/cluster/shard_spaces/db/nothing")[0], 400)
        self.assertEqual(self.api.text("DELETE", "/cluster/shard_spaces/db/autogen")[0], 400)

    def test_shards_are_made_and_dropped(self):
        self.make("days", "/^d/", shardDuration="1d")
        day = 86400
        body = {"startTime": 100 * day, "endTime": 103 * day, "shards": [{"serverIds": [1]}],
                "spaceName": "days", "database": "db"}
        self.assertEqual(self.api.text("POST", "/cluster/shards", body)[0], 202)

        def shards():
            return [s for s in self.api.json("/cluster/shards") if s["spaceName"] == "days"]
        self.assertEqual([(s["startTime"], s["endTime"]) for s in shards()],
                         [(n * day, (n + 1) * day) for n in (100, 101, 102)])
        self.api.write([point("d", 101 * day + 5)], time_precision="s")
        path = f"/cluster/shards/{shards()[1]['id']}"
        self.assertEqual(self.api.text("DELETE", path, {"serverIds": []})[0], 400)
        self.assertEqual(self.api.text("DELETE", path, {"serverIds": [1]})[0], 202)
        self.assertEqual(len(shards()), 2)
        self.assertEqual(self.api.text("GET", "/db/db/series", q="select * from d")[0], 400)

    def test_results_go_to_the_space_of_their_name(self):
        self.make("long", "/^rollup/")
        now = int(time.time()) - 30
        self.api.write([point("raw", now + k, k) for k in range(10)], time_precision="s")
        self.assertEqual(
            self.api.query("select mean(v) from raw group by time(5s) into rollup.5s.raw"), [])
        eventually(lambda: self.server.rows('select mean from db.long."rollup.5s.raw"'),
                   what="results in their space")
        self.assertGreaterEqual(len(self.api.rows("select mean from rollup.5s.raw")), 2)

    def test_a_database_is_configured_at_once(self):
        body = {"spaces": [{"name": "a", "regex": "/^a/", "retentionPolicy": "7d"},
                           {"name": "rest", "regex": "/.*/"}],
                "continuousQueries": ["select count(v) from a group by time(1h) into b"]}
        self.assertEqual(self.api.text("POST", "/cluster/database_configs/made", body)[0], 201)
        names = [s["name"] for s in self.api.json("/cluster/shard_spaces")
                 if s["database"] == "made"]
        self.assertEqual(names[:2], ["a", "rest"])
        listed = self.api.query("list continuous queries", db="made")[0]["points"]
        self.assertEqual([point[2] for point in listed], body["continuousQueries"])
        self.api.text("DELETE", "/db/made")
        status, text = self.api.text("POST", "/cluster/database_configs/made",
                                     {"continuousQueries": ["select * from a"]})
        self.assertEqual(status, 400)
        self.assertTrue(text.startswith("This query isn't a continuous query. Use 'into'."))
        self.assertNotIn({"name": "made"}, self.api.json("/db"))


if __name__ == "__main__":
    unittest.main()
