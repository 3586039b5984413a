"""The npm packages: `influx` gives the same from varved as from a real influxd, and those of
InfluxDB 2 write, ping and ask for health. Installed from npm when the test runs; without npm or
its registry the test is skipped."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from both import Both

BUILD = os.environ["TEST_BUILD"]
HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ("influx@5.12.0", "@influxdata/influxdb-client@1.35.0",
            "@influxdata/influxdb-client-apis@1.35.0")


class NodeClients(Both):
    build = BUILD
    varve_settings = ("write.unsigned_integers=true",)

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="varve-npm-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        npm, cls.node = shutil.which("npm"), shutil.which("node")
        if npm is None or cls.node is None:
            raise unittest.SkipTest("npm and node are not installed")
        try:
            done = subprocess.run([npm, "install", "--no-audit", "--no-fund", *PACKAGES],
                                  cwd=cls.folder, capture_output=True, text=True, timeout=120,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise unittest.SkipTest("npm did not answer within 120 s") from None
        if done.returncode != 0:
            raise unittest.SkipTest("npm could not install: " + done.stderr[-300:])
        super().setUpClass()

    def calls(self, script, server):
        done = subprocess.run([self.node, os.path.join(HERE, script), str(server.port)],
                              cwd=self.folder, capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-1000:])
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_influx(self):
        varve, influxd = [self.calls("v1_calls.mjs", server) for server in self.servers]
        self.assertGreater(len(varve), 60)
        self.assertGreater(sum(call[1] == "ok" for call in varve), 45)
        for mine, theirs in zip(varve, influxd, strict=True):
            with self.subTest(call=theirs[0]):
                self.assertEqual(mine, theirs)

    def test_influxdb_client(self):
        self.varve.query("create database db")
        said = {call[0]: call[1:] for call in self.calls("v2_calls.mjs", self.varve)}
        self.assertEqual(said["health"][1]["status"], "pass")
        self.assertEqual(said["health"][1]["version"], "1.8.10")
        for name in ("ping", "nanoseconds", "default policy", "compressed"):
            self.assertEqual(said[name], ["ok", None], name)
        self.assertEqual(said["no database"],
                         [404, '{"error":"database not found: \\"nope\\""}\n'])
        self.assertEqual(said["no policy"],
                         [500, '{"error":"retention policy not found: nope"}\n'])
        self.assertEqual(said["conflict"][0], 400)
        self.assertIn("partial write: field type conflict", said["conflict"][1])
        rows = self.varve.rows("select * from v2 limit 2")
        self.assertEqual(rows, [
            [1600000000000000001, True, 1.5, "node", "a b", 7, 'te"xt', 8],
            [1600000001000000000, True, 2.5, "node", "a b", 7, 'te"xt', 8]])
        self.assertEqual(self.varve.rows("select count(f) from v2")[0][1], 502)


if __name__ == "__main__":
    unittest.main()
