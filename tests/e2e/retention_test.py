"""A shard that its policy no longer keeps goes, with its rows and its line in SHOW SHARDS."""

import json
import os
import time
import unittest

from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]
HOUR_S = 3600


class Retention(unittest.TestCase):
    def test_an_expired_shard_goes(self):
        with Varved(BUILD, settings=("write.retention_check_interval=1s",)) as server:
            def report():
                return json.loads(server.request("GET", "/varve/v1/retention")[2])

            def shards():
                return [row for row in server.rows("show shards") if row[2] == "short"]

            now = int(time.time())
            server.query("create database db with duration inf shard duration 1h name short")
            self.assertEqual(server.write(f"m v=1 {now - 5 * HOUR_S}\nm v=2 {now}",
                                          precision="s")[0], 204)
            eventually(lambda: report()["last_run"], what="a round")
            self.assertEqual(len(shards()), 2)
            self.assertEqual(report()["shards_dropped_total"], 0)
            server.query("alter retention policy short on db duration 1h")
            eventually(lambda: len(shards()) == 1, what="the old shard's end")
            self.assertEqual(server.rows("select v from m"), [[now * 10**9, 2]])
            said = eventually(lambda: report()["shards_dropped_total"] and report())
            self.assertEqual((said["shards_dropped_total"], said["error"]), (1, ""))
            self.assertGreaterEqual(said["duration_ms"], 0)
            self.assertGreater(said["next_run"], said["last_run"])
            server.restart()
            self.assertEqual(server.rows("select v from m"), [[now * 10**9, 2]])
            self.assertEqual(len(shards()), 1)


if __name__ == "__main__":
    unittest.main()
