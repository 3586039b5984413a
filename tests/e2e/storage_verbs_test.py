"""The command line's verbs for storage: status, compact, scrub, verify, and export, whose lines
give the same rows again when they are written to another server."""

import gzip
import json
import os
import random
import subprocess
import tempfile
import time
import unittest

from varved import Varved

BUILD = os.environ["TEST_BUILD"]
VARVE = os.path.join(BUILD, "bin/varve")

# Every type and every place that wants an escape; times at both ends and before 1970.
LINES = r'''
weather,city=Z\ u\,r\=ich,a=1 temp=-0,code=9223372036854775807i,big=18446744073709551615u 1
weather,city=Z\ u\,r\=ich,a=1 temp=0.1,note="say \"hi\" \\ é, a=b\n",ok=true 2
weather temp=1e300,note="",ok=false -9223372036854775806
weather,a=2 temp=5e-324,code=-9223372036854775808i 9223372036854775806
weather,a=2 temp=123456789.12499999,sp\ a\,ce\=d=1i -1
my\ mea\,sure=x,t="q" f\"q=2 1699999999999999999
other,host=a\b v=1 1700000000000000000
other,host=é,temp=x temp=3i,v=12345678901234567890 1700000000000000001
'''.strip().split("\n")


def run(*arguments, code=0):
    done = subprocess.run([VARVE, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done


class StorageVerbs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD, settings=["write.unsigned_integers=true"])
        cls.server.start()
        cls.server.query("create database db")
        status, text = cls.server.write("\n".join(LINES) + "\n")
        assert status == 204, text

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def varve(self, *arguments, code=0):
        return run("-port", str(self.server.port), *arguments, code=code)

    def export(self, *arguments):
        """The lines without the comments, sorted."""
        out = self.varve("export", *arguments).stdout
        return sorted(line for line in out.split("\n") if line and not line.startswith("#"))

    def test_status(self):
        out = self.varve("storage", "status").stdout
        self.assertRegex(out, r"engine +strata")
        self.assertIn("segments", out)
        self.assertEqual(json.loads(self.varve("storage", "status", "--json").stdout)["engine"],
                         "strata")

    def test_compact_and_scrub(self):
        self.assertEqual(self.varve("storage", "compact").stdout, "compaction has started\n")
        self.assertEqual(self.varve("storage", "compact", "--wait").stdout,
                         "the storage is settled\n")
        self.assertEqual(self.varve("storage", "scrub").stdout, "every stored file was checked\n")

    def test_export_holds_what_was_written(self):
        lines = self.export("--db", "db")
        self.assertEqual(len(lines), len(LINES))
        self.assertIn(r'weather,a=1,city=Z\ u\,r\=ich big=18446744073709551615u,'
                      r'code=9223372036854775807i,temp=-0 1', lines)
        self.assertIn(r'my\ mea\,sure=x,t="q" f"q=2 1699999999999999999'.replace('f"q', r'f\"q'),
                      lines)
        self.assertIn("weather,a=2 code=-9223372036854775808i,temp=5e-324 9223372036854775806",
                      lines)
        self.assertIn("other,host=a\\b v=1 1700000000000000000", lines)

    def test_export_makes_the_same_rows_elsewhere(self):
        seed = int(time.time())
        print("seed", seed)
        rng = random.Random(seed)
        rows = []
        for i in range(3000):
            at = rng.randrange(-10**18, 2 * 10**18)
            value = rng.choice([rng.random(), rng.uniform(-1e18, 1e18), float(rng.randrange(9)),
                                rng.random() * 10.0 ** rng.randrange(-300, 300)])
            whole = rng.randrange(-2**63, 2**63)
            rows.append(f"r{i % 3},h={rng.randrange(20)} f={value!r},i={whole}i,"
                        f"u={rng.randrange(2**64)}u,b={rng.choice('tf')},s=\"x{i}\" {at}")
        self.server.query("create database random")
        status, text = self.server.write("\n".join(rows), db="random")
        self.assertEqual(status, 204, text)
        queries = [f"select * from r{i}" for i in range(3)]
        with tempfile.TemporaryDirectory() as folder, \
                Varved(BUILD, settings=["write.unsigned_integers=true"]) as other:
            path = os.path.join(folder, "random.lp.gz")
            done = self.varve("export", "--db", "random", "--out", path, "--gzip")
            self.assertEqual(done.stderr, "exported 3000 rows of 3 measurements\n")
            self.assertEqual(os.listdir(folder), ["random.lp.gz"])
            other.query("create database random")
            with gzip.open(path) as file:
                status, text = other.write(file.read(), db="random")
            self.assertEqual(status, 204, text)
            for query in queries:
                self.assertEqual(other.rows(query, "random"), self.server.rows(query, "random"))

    def test_export_of_a_part(self):
        lines = self.export("--db", "db", "--measurement", "other")
        self.assertEqual([line.split(" ")[0] for line in lines],
                         ["other,host=a\\b", "other,host=é,temp=x"])
        self.assertEqual(self.export("--db=db", "--from", "-1", "--to", "2"),
                         [line for line in self.export("--db", "db")
                          if line.endswith((" -1", " 1"))])
        self.assertEqual(len(self.export("--db", "db", "--measurement", "other", "--from",
                                         "2023-11-14T22:13:20.000000001Z")), 1)
        future = ("--from", "2100-01-01", "--to", "2101-01-01")
        self.assertEqual(self.export("--db", "db", *future), [])

    def test_a_field_of_two_types(self):
        self.server.query("create database types")
        day = 86400 * 10**9 * 30
        self.server.write(f"m v=1i 0\nm v=2.5 {day}\nm v=\"text\" {2 * day}\nm v=true {3 * day}",
                          db="types")
        done = self.varve("export", "--db", "types")
        self.assertEqual([line for line in done.stdout.split("\n") if line.startswith("m")],
                         ["m v=1 0", f"m v=2.5 {day}", f"m v=\"text\" {2 * day}",
                          f"m v=true {3 * day}"])
        self.assertIn("note: field v of m is float and integer; all of it becomes float",
                      done.stderr)

    def test_export_errors(self):
        for arguments, code, text in (
                (["--db", "nope"], 1, "database not found: nope"),
                (["--db", "db", "--rp", "gone"], 1,
                 "database db has no policy gone; there are autogen"),
                (["--db", "db", "--measurement", "m9"], 1, "database db has no measurement m9"),
                (["--db", "db", "--out", "/nonexistent/x"], 1, "cannot write /nonexistent/x"),
                (["--db", "db", "--from", "noon"], 2, '--from "noon" is no time'),
                (["--db", "db", "--from", "5", "--to", "5"], 2,
                 "--from must be earlier than --to"),
                (["--nope"], 2, "unknown flag --nope"),
                (["db"], 2, 'what is "db"?'),
                ([], 2, "export wants --db NAME")):
            self.assertIn(text, self.varve("export", *arguments, code=code).stderr)
        with tempfile.NamedTemporaryFile() as file:
            done = self.varve("export", "--db", "db", "--out", file.name, code=1)
            self.assertIn("exists already", done.stderr)
            self.assertEqual(os.path.getsize(file.name), 0)

    def test_nothing_is_left_of_a_failed_export(self):
        with tempfile.TemporaryDirectory() as folder:
            self.varve("export", "--db", "nope", "--out", os.path.join(folder, "x"), code=1)
            self.assertEqual(os.listdir(folder), [])

    def test_verify(self):
        with Varved(BUILD) as server:
            server.query("create database db")
            server.write("m v=1 1")
            server.request("POST", "/varve/v1/storage/compact?wait=true")
            server.stop()
            run("verify", server.data_dir)
            segments = [os.path.join(folder, name) for folder, _, names in os.walk(server.data_dir)
                        for name in names if name.endswith(".vseg")]
            self.assertTrue(segments)
            with open(segments[0], "r+b") as file:
                middle = os.path.getsize(segments[0]) // 2
                file.seek(middle)
                byte = file.read(1)[0]
                file.seek(middle)
                file.write(bytes([byte ^ 1]))
            done = run("verify", server.data_dir, code=1)
            self.assertIn(os.path.basename(segments[0]), done.stdout)
        self.assertIn("/nonexistent does not exist", run("verify", "/nonexistent", code=1).stderr)
        self.assertIn("verify wants a path", run("verify", code=2).stderr)
        self.assertIn("no plugin storage.nope.so",
                      run("verify", "--engine", "nope", "/", code=1).stderr)

    def test_help_and_misuse(self):
        for verb in ("storage", "export", "verify"):
            self.assertIn(f"usage: varve {verb}", run(verb, "--help").stdout)
        for arguments, text in ((["storage"], "storage wants a verb"),
                                (["storage", "nope"], 'unknown verb "nope" of storage'),
                                (["storage", "status", "--wait"], "--wait belongs to compact"),
                                (["storage", "status", "--nope"], "unknown flag --nope")):
            self.assertIn(text, run(*arguments, code=2).stderr)
        done = run("-port", "1", "storage", "status", code=1)
        self.assertIn("cannot reach the server at localhost:1", done.stderr)


if __name__ == "__main__":
    unittest.main()
