"""Bad input: the documented status and text, the counter moves, the row stands in
/varve/v1/rejects, and nothing else has changed."""

import gzip
import json
import os
import unittest
import zlib

from varved import Varved

BUILD = os.environ["TEST_BUILD"]


class WriteErrors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD)
        cls.server.start()
        cls.server.query("create database db")
        assert cls.server.write("seed,host=a value=1 1000000000") == (204, "")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def tearDown(self):
        # Whatever a test sent: what was stored before is still there, unchanged.
        self.assertEqual(self.server.rows("select value from seed"), [[1000000000, 1]])

    def error(self, body, status=400, **parameters):
        got, answer = self.server.write(body, **parameters)
        self.assertEqual(got, status, answer)
        return json.loads(answer)["error"]

    def rejects(self):
        _, _, answer = self.server.request("GET", "/varve/v1/rejects")
        return json.loads(answer)["rejects"]

    def rejected(self, reason):
        return self.server.metric("varve_write_rejected_total", reason=reason)

    def refused(self, reason):
        return self.server.metric("varve_http_refused_total", reason=reason)

    def test_malformed_line(self):
        before = self.rejected("parse")
        self.assertEqual(self.error("bad"), "unable to parse 'bad': missing fields")
        self.assertEqual(self.rejected("parse"), before + 1)
        newest = self.rejects()[0]
        self.assertEqual((newest["row"], newest["error"], newest["database"]),
                         ("bad", "missing fields", "db"))

    def test_partial_write_keeps_the_rest(self):
        text = self.error("part v=1 1\npart v=oops 2\npart v=3 3")
        self.assertEqual(text, "partial write: unable to parse 'part v=oops 2': invalid boolean "
                               "dropped=0")
        self.assertEqual(self.server.rows("select v from part"), [[1, 1], [3, 3]])

    def test_type_conflict(self):
        self.server.write("typed v=1i 1")
        before = self.rejected("type_conflict")
        text = self.error("typed v=1.5 2\ntyped v=7i 3")
        self.assertEqual(text, 'partial write: field type conflict: input field "v" on measurement '
                               '"typed" is type float, already exists as type integer dropped=1')
        self.assertEqual(self.server.rows("select v from typed"), [[1, 1], [3, 7]])
        self.assertEqual(self.rejected("type_conflict"), before + 1)
        self.assertEqual(self.rejects()[0]["row"], "typed 2")

    def test_tag_or_field_named_time(self):
        self.assertEqual(self.error("t,time=x v=1 1"),
                         'partial write: invalid tag key: input tag "time" on measurement "t" is '
                         'invalid dropped=1')
        self.assertEqual(self.error("t time=1 1"),
                         'partial write: invalid field name: input field "time" on measurement "t" '
                         'is invalid dropped=1')
        self.assertEqual(self.server.write("t time=1,ok=2 1"), (204, ""))
        self.assertEqual(self.server.rows("select * from t"), [[1, 2]])

    def refusal_counts(self, reason, action):
        """The action's request moves the counter of this reason by one."""
        before = self.refused(reason)
        action()
        self.assertEqual(self.refused(reason), before + 1, reason)

    def test_refused_requests_are_counted_by_reason(self):
        self.refusal_counts("database_required", lambda: self.error("m v=1", db=""))
        self.refusal_counts("database_not_found", lambda: self.error("m v=1", 404, db="nope"))
        self.refusal_counts("retention_policy_not_found",
                            lambda: self.error("m v=1", 500, rp="nope"))
        self.refusal_counts("invalid_precision", lambda: self.error("m v=1", precision="x"))
        self.refusal_counts("invalid_consistency", lambda: self.error("m v=1", consistency="x"))
        self.refusal_counts("query_invalid",
                            lambda: self.server.request("GET", "/query?q=nonsense"))
        self.refusal_counts("query_missing", lambda: self.server.request("GET", "/query"))

    def test_database_and_policy(self):
        self.assertEqual(self.error("m v=1", db=""), "database is required")
        self.assertEqual(self.error("m v=1", 404, db="nope"), 'database not found: "nope"')
        self.assertEqual(self.error("m v=1", 500, rp="nope"), "retention policy not found: nope")

    def test_precision_and_consistency(self):
        self.assertEqual(self.error("m v=1", precision="bogus"),
                         'invalid precision "bogus" (use n, u, ms, s, m or h)')
        self.assertEqual(self.error("m v=1", consistency="bad"), "invalid consistency level")

    def test_v2_write(self):
        def v2(parameters, body="two v=1 1"):
            status, _, answer = self.server.request("POST", "/api/v2/write?" + parameters, body)
            return status, json.loads(answer)["error"] if answer else ""
        self.assertEqual(v2("org=x&bucket=db/autogen&precision=ns"), (204, ""))
        self.assertEqual(v2("org=x&bucket=db&precision=us"), (204, ""))
        self.assertEqual(v2("org=x&bucket="), (404, 'bucket name "" is missing a slash; not in '
                                                    '"database/retention-policy" format'))
        self.assertEqual(v2("bucket=/autogen"), (404, 'bucket name "/autogen" is in db/rp form but '
                                                      'has an empty database'))
        self.assertEqual(v2("bucket=db&precision=m"),
                         (400, 'invalid precision "m" (use ns, us, ms or s)'))

    def test_too_old_for_the_policy(self):
        self.server.query("create retention policy short on db duration 1h replication 1")
        self.assertEqual(self.error("old v=1 1000000000", rp="short"),
                         "partial write: points beyond retention policy dropped=1")

    def test_key_too_long(self):
        before = self.rejected("key_too_long")
        self.assertIn("max key length exceeded: 1000004 > 65535",
                      self.error("m,t=" + "x" * 1000000 + " v=1 1"))
        self.assertEqual(self.rejected("key_too_long"), before + 1)

    def test_invalid_utf8_is_bytes(self):
        self.assertEqual(self.server.write(b'utf,t=\xff\xfe s="a\xc3b" 1'), (204, ""))
        _, _, answer = self.server.request("GET", "/query?db=db&q=select+*+from+utf")
        self.assertIn("\ufffd", json.loads(answer)["results"][0]["series"][0]["values"][0][1])
        _, _, answer = self.server.request("GET", "/query?db=db&q=select+*+from+utf",
                                           headers={"Accept": "text/csv"})
        self.assertIn(b"a\xc3b", answer)

    def test_oversized_body(self):
        before = self.refused("body_too_large")
        self.assertEqual(self.error(b"m v=1\n" * 5_000_000, 413), "Request Entity Too Large")
        self.assertEqual(self.refused("body_too_large"), before + 1)

    def test_compressed_bodies(self):
        def send(body, coding):
            status, _, answer = self.server.request("POST", "/write?db=db", body,
                                                    {"Content-Encoding": coding})
            return status, json.loads(answer)["error"] if answer else ""
        good = gzip.compress(b"packed v=1 1")
        self.assertEqual(send(good, "gzip"), (204, ""))
        self.assertEqual(send(zlib.compress(b"packed v=2 2"), "deflate"), (204, ""))
        self.assertEqual(self.server.rows("select v from packed"), [[1, 1], [2, 2]])
        before = self.refused("truncated_encoding")
        self.assertEqual(send(good[:-10], "gzip"), (400, "unexpected EOF"))
        self.assertEqual(self.refused("truncated_encoding"), before + 1)
        before = self.refused("bad_encoding")
        self.assertEqual(send(b"this is no gzip", "gzip")[0], 400)
        self.assertEqual(self.refused("bad_encoding"), before + 1)
        before = self.refused("decompressed_too_large")
        bomb = gzip.compress(b"m v=1\n" * 20_000_000)
        self.assertEqual(send(bomb, "gzip")[0], 413)
        self.assertEqual(self.refused("decompressed_too_large"), before + 1)

    def test_nothing_to_store(self):
        self.assertEqual(self.server.write(""), (204, ""))
        self.assertEqual(self.server.write("# only a comment\n\n"), (204, ""))


if __name__ == "__main__":
    unittest.main()
