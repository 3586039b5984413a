"""The `influx` shell's statements, formats and imports against varved and a real influxd: what it
prints is equal."""

import gzip
import os
import re
import subprocess
import tempfile
import unittest

from both import Both

BUILD = os.environ["TEST_BUILD"]

STATEMENTS = (
    "create database db", "create database db with duration 2d name days",
    "show databases", "show retention policies on db",
    "create retention policy week on db duration 7d replication 1 shard duration 1d",
    "alter retention policy week on db duration 8d default",
    "show retention policies", "alter retention policy autogen on db default",
    "insert cpu,host=a,dc=x value=1.5,n=3i,text=\"a \\\"b\\\"\",on=true 1000000000",
    "insert into week cpu,host=b value=2 1600000000000000000",
    "insert cpu,host=c value=-0.25 2000000000", "insert cpu value=text", "insert broken",
    "insert into nope cpu value=1",
    "select * from cpu", "select value from week.cpu", "select * from cpu group by host",
    "select mean(value), count(n) from cpu where time < 10s group by time(1s) fill(0)",
    "select * from nowhere", "select nope(value) from cpu", "select", "show", "drop it",
    "select value from cpu; select n from cpu; select text from cpu; select nope(n) from cpu",
    "select * into copy from cpu group by *", "select * from copy",
    "select mean(value) as value into days.means from cpu", "select mean(value) into week.means "
    "from cpu where time < 10s group by time(1s), host", "select * from week.means",
    "show measurements", "show series", "show series from cpu where host = 'a'",
    "show tag keys", "show tag values with key = host", "show field keys", "show stats for 'nope'",
    "show series cardinality on db", "show measurement exact cardinality on db",
    "show tag values exact cardinality with key = host",
    "create continuous query cq on db resample every 30m begin select mean(value) into means "
    "from cpu group by time(1h), * end", "show continuous queries",
    "create continuous query cq on db begin select max(value) into means from cpu group by "
    "time(1h) end", "drop continuous query cq on db", "show continuous queries",
    "create user bob with password 'it\\'s'", "create user root with password 'x' with all "
    "privileges", "show users", "grant read on db to bob", "grant write on nope to bob",
    "show grants for bob", "show grants for nobody", "set password for bob = 'new'",
    "revoke read on db from bob", "revoke all privileges from root", "show users",
    "drop user bob", "drop user nobody",
    "create subscription s on db.autogen destinations any 'udp://127.0.0.1:9'",
    "show subscriptions", "drop subscription s on db.autogen", "drop subscription s on db.autogen",
    "delete from cpu where host = 'c'", "drop series from cpu where host = 'a'",
    "drop measurement copy", "drop measurement nope", "show shards",
    "select * from cpu", "drop retention policy week on db", "use nope", "help", "kill query 4711",
    "drop database db", "show databases",
)

# Their words and numbers are each server's own; only the shape is equal.
EXPLAINS = ("explain select mean(value) from cpu group by host", "explain select * from nowhere")


class Shell(Both):
    build = BUILD

    def setUp(self):
        for server in self.servers:
            server.query("drop database db")

    def influx(self, server, *arguments, stdin=None):
        done = subprocess.run(["influx", "-host", "127.0.0.1", "-port", str(server.port),
                               *arguments], input=stdin, capture_output=True, timeout=60,
                              check=False)
        return done.returncode, [self.neutral(text) for text in (done.stdout, done.stderr)]

    @staticmethod
    def neutral(text):
        """Without what differs by nature: ports, versions, times of now, files."""
        text = re.sub(rb"(localhost|127\.0\.0\.1):[0-9]+", b"ADDRESS", text)
        text = re.sub(rb"(?m)^.*(shell version|Connected to).*$", b"VERSION", text)
        text = re.sub(rb"[0-9]{4}/[0-9/]+ [0-9:]+ ", b"NOW ", text)
        return re.sub(rb"Time elapsed: .*|PPS: .*|[0-9.]+ (pps|PPS)", b"PACE", text)

    def same(self, *arguments, stdin=None, what=None):
        mine, theirs = [self.influx(server, *arguments, stdin=stdin) for server in self.servers]
        with self.subTest(what=what or arguments):
            self.assertEqual(mine, theirs)
        return mine[1][0]

    def test_statements(self):
        for form in ("column", "csv", "json"):
            for text in STATEMENTS:
                self.same("-database", "db", "-format", form, "-execute", text)

    def test_precisions_and_pretty(self):
        self.same("-execute", "create database db")
        self.same("-database", "db", "-execute", "insert m v=1 1600000000123456789")
        for precision in ("rfc3339", "h", "m", "s", "ms", "u", "ns"):
            for form in ("column", "csv", "json"):
                self.same("-database", "db", "-precision", precision, "-format", form, "-pretty",
                          "-execute", "select * from m")

    def test_explain(self):
        self.same("-execute", "create database db")
        self.same("-database", "db", "-execute", "insert cpu,host=a value=1 1")
        for text in EXPLAINS + ("explain analyze select value from cpu",):
            shown = [self.influx(server, "-database", "db", "-execute", text)
                     for server in self.servers]
            first_lines = [output[1][0].splitlines()[:2] for output in shown]
            self.assertEqual((shown[0][0], first_lines[0]), (shown[1][0], first_lines[1]), text)

    def test_interactive(self):
        for lines in ("create database db\nuse db\ninsert m v=1 1\nselect * from m\n",
                      "use db\nprecision rfc3339\nselect * from m\nformat json\nselect * from m\n"
                      "pretty\nselect * from m\nformat csv\nselect * from m\n",
                      "use db.autogen\nselect * from m;show measurements\nconsistency one\n"
                      "insert m v=2 2\nchunked\nchunk size 1\nselect * from m\nhistory\n",
                      "settings\nclear database\nselect * from m\nbad\n"):
            self.same("-precision", "ns", stdin=lines.encode(), what=lines)

    def test_import(self):
        rows = "".join(f"cpu,host=h{i % 5} v={i}i {i}\n" for i in range(12000))
        text = ("# DDL\nCREATE DATABASE db\nCREATE RETENTION POLICY long ON db DURATION 52w "
                "REPLICATION 1\n# DML\n# CONTEXT-DATABASE: db\n# CONTEXT-RETENTION-POLICY: "
                "autogen\n\n" + rows + "broken line\ncpu v=text 1\n# CONTEXT-RETENTION-POLICY: "
                "long\nlong v=1 1\n# CONTEXT-DATABASE: nope\ncpu v=1 1\n")
        for compressed in (False, True):
            with tempfile.NamedTemporaryFile(suffix=".txt") as file:
                file.write(gzip.compress(text.encode()) if compressed else text.encode())
                file.flush()
                options = ["-compressed"] if compressed else []
                mine, theirs = [self.influx(server, "-import", "-path", file.name, *options,
                                            "-precision", "s") for server in self.servers]
                self.assertEqual((mine[0], sorted(mine[1][1].splitlines())),
                                 (theirs[0], sorted(theirs[1][1].splitlines())))
            for query in ("select count(v), sum(v) from cpu group by host", "show series",
                          "select * from long.long"):
                self.same("-database", "db", "-format", "csv", "-execute", query)
        for arguments in (("-import",), ("-import", "-path", "/nope")):
            self.same(*arguments)


if __name__ == "__main__":
    unittest.main()
