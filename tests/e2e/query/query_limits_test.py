"""What bounds a query: memory, points, series, buckets, time, its turn; and what stops it: KILL
QUERY, a client that goes away. The rest of the server goes on."""

import http.client
import os
import signal
import threading
import time
import unittest
import urllib.parse

from influxd import Influxd
from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]
SERIES = 100
ROWS = 2000
# Nothing that ends soon by itself: a hundred series of a million buckets each.
ENDLESS = ("select count(v) from m where time >= 0 and time < 1s group by time(1u), t fill(0)")


def error_of(answer):
    return answer["results"][0].get("error", "")


def fill(server):
    server.query("create database db")
    for first in range(0, ROWS, 500):
        server.write("\n".join(f"m,t={series} v={row}.5,n={row}i {row * 10**9}"
                               for series in range(SERIES) for row in range(first, first + 500)))


class Limits(unittest.TestCase):
    def make(self, *settings):
        server = Varved(BUILD, settings=settings)
        server.start()
        self.addCleanup(server.__exit__)
        fill(server)
        return server

    def hits(self, server, limit):
        return server.metric("varve_query_limit_total", limit=limit)

    def test_counted_as_influxd_counts(self):
        texts = ("select max(v) from m group by t", "select v from m where t = '1' or t = '2'",
                 "select mean(v) from m where time >= 0 and time < 20s group by time(1s)",
                 "select mean(v) from m where time >= 0 and time < 2s group by time(100ms), t",
                 "select max(v) from (select v from m)", "select v from m limit 1",
                 "select v from m where t = '1' limit 3")
        for name, key, value in (("series", "max-select-series", 2),
                                 ("buckets", "max-select-buckets", 15),
                                 ("points", "max-select-point", 0)):
            varve = self.make(f"query.max_select_{name}={value}")
            with Influxd(data_settings=f"[coordinator]\n{key} = {value}") as influxd:
                fill(influxd)
                for text in texts:
                    with self.subTest(limit=name, text=text):
                        self.assertEqual(error_of(varve.query(text)),
                                         error_of(influxd.query(text)))
            said = [error_of(varve.query(text)) for text in texts]
            self.assertEqual(any(said), value != 0)
            self.assertEqual(self.hits(varve, f"max_select_{name}"),
                             2 * sum(bool(text) for text in said))

    def test_points(self):
        server = self.make("query.max_select_points=5000")
        self.assertRegex(error_of(server.query("select v from m")),
                         r"^max-select-point limit exceeed: \([0-9]+/5000\)$")
        self.assertEqual(error_of(server.query("select v from m where t = '1'")), "")
        self.assertEqual(self.hits(server, "max_select_points"), 1)

    def test_timeout(self):
        server = self.make("query.timeout=300ms", "query.max_select_buckets=0")
        start = time.monotonic()
        self.assertIn('"error":"query-timeout limit exceeded"', self.text_of(server, ENDLESS))
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(self.hits(server, "timeout"), 1)
        self.assertEqual(error_of(server.query("select count(v) from m")), "")

    def text_of(self, server, query):
        return server.request("GET", "/query?" + urllib.parse.urlencode(
            {"db": "db", "q": query}))[2].decode()

    def test_memory(self):
        """Each way to need much memory says so and gives it back, while writes go on."""
        server = self.make("query.memory=1MiB", "query.max_select_buckets=0")
        server.write("\n".join(f"n,t={i % 50} v={i} {i * 10**9}" for i in range(5000)))
        failures, written, stop = [], [], threading.Event()

        def write():
            while not stop.is_set():
                start = time.monotonic()
                status, text = server.write(f"w v={len(written)} {len(written)}")
                if status != 204:
                    failures.append(text)
                written.append(time.monotonic() - start)

        writer = threading.Thread(target=write)
        writer.start()
        texts = ("select top(v, 190000) from m",
                 "select percentile(v, 50) from m",
                 "select max(d) from (select distinct(v) as d from m group by time(1s), t)",
                 "select m.v + n.v from m join n on time",
                 "select v from m order by v desc")
        for text in texts:
            with self.subTest(text=text):
                before = self.hits(server, "memory")
                error = error_of(server.query(text))
                self.assertRegex(error, r"^query\.memory limit exceeded: [0-9]+ bytes more asked "
                                 r"for, [0-9]+ of 1048576 in use$")
                self.assertEqual(self.hits(server, "memory"), before + 1)
                self.assertEqual(server.metric("varve_memory_used_bytes", account="query"), 0)
        eventually(lambda: len(written) > 10, what="writes")
        stop.set()
        writer.join()
        self.assertEqual(failures, [])
        self.assertLess(max(written), 2, "a write waited for a query")
        self.assertEqual(server.rows("select count(v) from w")[0][1], len(written))
        self.assertEqual(error_of(server.query("select mean(v) from m group by t")), "")

    def test_memory_of_all_queries(self):
        server = self.make("memory.limit=10MiB")
        self.assertRegex(error_of(server.query("select top(v, 190000) from m")),
                         r"^memory of all queries: .*query.*[0-9]+")
        self.assertEqual(self.hits(server, "all_memory"), 1)
        self.assertEqual(server.metric("varve_memory_used_bytes", account="query"), 0)

    def test_its_turn(self):
        server = self.make("query.concurrency_max=1", "query.queue_timeout=200ms",
                           "query.max_select_buckets=0", "query.timeout=1s")
        first = threading.Thread(target=self.text_of, args=(server, ENDLESS))
        first.start()
        eventually(lambda: server.metric("varve_query_active") == 1)
        status, headers, body = server.request("GET", "/query?q=show+databases")
        first.join()
        self.assertEqual((status, headers.get("Retry-After")), (503, "1"))
        self.assertEqual(body, b'{"error":"query.queue_timeout exceeded: too many queries at a '
                         b'time"}\n')
        self.assertEqual(server.metric("varve_query_refused_total"), 1)


class Stops(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD, settings=("query.max_select_buckets=0", "query.timeout=0s"))
        cls.server.start()
        fill(cls.server)
        cls.server.request("POST", "/varve/v1/storage/compact?wait=true")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def running(self):
        """{id: text} of what SHOW QUERIES lists, without itself."""
        rows = self.server.query("show queries")["results"][0]["series"][0]["values"]
        return {row[0]: row[1] for row in rows if row[1] != "SHOW QUERIES"}

    def begin(self, text):
        """A request that is not read; its connection and its number."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("GET", "/query?" + urllib.parse.urlencode({"db": "db", "q": text}))
        return connection, list(eventually(self.running, what="the query"))[0]

    def seconds_until_gone(self, stop, text):
        """The best of three: another process may take the processor in between."""
        taken = []
        for _ in range(3):
            connection, number = self.begin(text)
            time.sleep(0.05)
            stop(connection, number)
            start = time.monotonic()
            while self.running():
                self.assertLess(time.monotonic() - start, 20)
            taken.append(time.monotonic() - start)
            connection.close()
        return min(taken)

    QUERIES = (ENDLESS,
               "select max(c) from (" + ENDLESS.replace("(v)", "(v) as c") + ")",
               "select derivative(mean(v)) from m where time >= 0 and time < 1s "
               "group by time(1u), t fill(previous)",
               "select count(distinct(v)) from m where time >= 0 and time < 1s "
               "group by time(1u), t fill(0)")

    def test_kill(self):
        """Whether the query still computes, or waits for the client to read."""
        def kill(_connection, number):
            self.assertEqual(error_of(self.server.query(f"kill query {number}")), "")

        for text in self.QUERIES:
            before = self.server.metric("varve_query_interrupted_total")
            with self.subTest(text=text):
                self.assertLess(self.seconds_until_gone(kill, text), 0.1)
                self.assertEqual(self.server.metric("varve_query_interrupted_total"), before + 3)

    def test_a_client_that_goes_away(self):
        for text in self.QUERIES:
            with self.subTest(text=text):
                self.assertLess(
                    self.seconds_until_gone(lambda connection, _: connection.close(), text), 0.1)

    def test_a_reload_keeps_the_list(self):
        connection, number = self.begin(ENDLESS)
        self.server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "configuration reloaded" in self.server.logs(), what="the reload")
        self.assertEqual(list(self.running()), [number])
        self.assertEqual(error_of(self.server.query(f"kill query {number}")), "")
        eventually(lambda: not self.running(), what="the end of the query")
        connection.close()

    def test_a_limit_reads_little(self):
        for text, most in (("select v from m limit 1", SERIES + 1),
                           ("select v from m where t = '7' limit 1", 2),
                           ("select v from m order by time desc limit 1", SERIES + 1)):
            with self.subTest(text=text):
                rows = self.server.query("explain analyze " + text)["results"][0]["series"][0]
                facts = dict(line[0].strip("│├└─ ").split(": ", 1) for line in rows["values"]
                             if ": " in line[0])
                self.assertLessEqual(int(facts["blocks_read"]), most)
                start = time.monotonic()
                self.assertEqual(len(self.server.rows(text)), 1)
                self.assertLess(time.monotonic() - start, 1)


if __name__ == "__main__":
    unittest.main()
