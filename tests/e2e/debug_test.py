"""/debug/vars, /debug/requests and /debug/pprof/."""

import base64
import http.client
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]


class Debug(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD, settings=["auth.shared_secret=a secret"])
        cls.server.start()
        cls.server.query("create database db")
        cls.server.write("a v=1")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def get(self, target):
        status, headers, body = self.server.request("GET", target)
        return status, headers, body

    def json(self, target):
        status, headers, body = self.get(target)
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "application/json; charset=utf-8"))
        return json.loads(body)

    def test_vars(self):
        found = self.json("/debug/vars")
        self.assertEqual(list(found)[:3], ["system", "cmdline", "memstats"])
        for name in ("runtime", "queryExecutor", "database:db", "write", "udp:" + self.udp(),
                     f"httpd:127.0.0.1:{self.server.port}"):
            self.assertIn(name, found)
            self.assertEqual(set(found[name]), {"name", "tags", "values"})
        self.assertEqual(found["database:db"], {"name": "database", "tags": {"database": "db"},
                                                "values": {"numMeasurements": 1, "numSeries": 1}})
        self.assertEqual(set(found["system"]), {"currentTime", "started", "uptime"})
        self.assertGreater(found["memstats"]["Alloc"], 0)
        self.assertEqual(self.server.request("POST", "/debug/vars")[0], 200)

    def udp(self):
        return f"127.0.0.1:{self.server.input_port('udp.0', 'udp')}"

    def test_command_lines_hide_secrets(self):
        arguments = self.json("/debug/vars")["cmdline"]
        self.assertIn("auth.shared_secret=[REDACTED]", arguments)
        body = self.get("/debug/pprof/cmdline")[2]
        self.assertEqual(body.decode().split("\0"), arguments)
        self.assertNotIn(b"a secret", body)

    def test_requests(self):
        answers = []
        watch = threading.Thread(
            target=lambda: answers.append(self.json("/debug/requests?seconds=1")))
        watch.start()
        time.sleep(0.3)
        for _ in range(3):
            self.server.write("a v=1")
        self.server.query("show databases")
        self.server.request("GET", "/ping")
        watch.join()
        self.assertEqual(answers, [{"127.0.0.1": {"writes": 3, "queries": 1}}])
        self.assertEqual(self.get("/debug/requests?seconds=0")[2], b"{\n\n}\n")

    def test_windows_that_cannot_be(self):
        for seconds, text in (("x", 'strconv.ParseInt: parsing "x": invalid syntax'),
                              ("99999999", "exceeded maximum interval time: 99999999s > 6h")):
            for page in ("requests", "pprof/profile"):
                status, _, body = self.get(f"/debug/{page}?seconds={seconds}")
                self.assertEqual((status, json.loads(body)), (400, {"error": text}))

    def test_many_watchers_leave_the_server_free(self):
        watchers = []
        for _ in range(40):
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            connection.request("GET", "/debug/requests?seconds=3600")
            watchers.append(connection)
        eventually(lambda: self.server.metric("varve_http_requests_total", status="5xx") >= 8)
        self.assertEqual(self.server.write("a v=1")[0], 204)
        self.assertEqual(self.get("/debug/requests?seconds=0")[0], 503)
        for connection in watchers:
            connection.close()
        # Their windows end with them.
        eventually(lambda: self.get("/debug/requests?seconds=0")[0] == 200)

    def test_profile(self):
        stop = threading.Event()

        def ask():
            while not stop.is_set():
                self.server.query("show stats")
        busy = threading.Thread(target=ask)
        busy.start()
        time.sleep(0.1)
        second = []
        other = threading.Timer(0.5, lambda: second.append(self.get("/debug/pprof/profile")))
        other.start()
        status, headers, body = self.get("/debug/pprof/profile?seconds=2")
        stop.set()
        busy.join()
        other.join()
        self.assertEqual((status, headers["Content-Type"]), (200, "application/octet-stream"))
        self.assertEqual(struct.unpack_from("<QQQ", body), (0, 3, 0))
        self.assertEqual(second[0][0], 500)
        self.assertIn(b"cpu profiling already in use", second[0][2])
        self.assertIn("varved", self.report(body, "--text"))

    def report(self, profile, *options):
        """What google-pprof reads in a profile."""
        if shutil.which("google-pprof") is None:
            self.fail("google-pprof is missing; it is in packaging/debian-deps")
        with tempfile.NamedTemporaryFile() as file:
            file.write(profile)
            file.flush()
            done = subprocess.run(["google-pprof", *options, BUILD + "/bin/varved", file.name],
                                  capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def test_heap(self):
        status, _, body = self.get("/debug/pprof/heap")
        self.assertEqual(status, 200)
        self.assertTrue(body.startswith(b"heap profile: "))
        frames = re.findall(rb"\] @ (0x[0-9a-f]+)", body)
        names = self.symbols(frames)
        self.assertIn("kept_free_by_malloc", names.values())
        self.assertIn("beside_accounts", names.values())
        self.assertIn("Total:", self.report(body, "--text"))

    def symbols(self, addresses):
        body = self.server.request("POST", "/debug/pprof/symbol", b"+".join(addresses))[2]
        lines = body.decode().splitlines()
        self.assertEqual(lines[0], "num_symbols: 1")
        return dict(line.split("\t", 1) for line in lines[1:])

    def test_symbols_and_index(self):
        self.assertEqual(self.get("/debug/pprof/symbol")[2], b"num_symbols: 1\n")
        self.assertEqual(self.symbols([b"0x10", b"nonsense", b""]), {})
        for path in ("/debug/pprof", "/debug/pprof/"):
            status, headers, body = self.get(path)
            self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
            self.assertIn(b"/debug/pprof/profile", body)
        self.assertEqual(self.get("/debug/pprof/goroutine")[::2], (404, b"Unknown profile\n"))
        self.assertEqual(self.get("/debug/")[0], 404)


class WhoMaySee(unittest.TestCase):
    PAGES = ("/debug/vars", "/debug/requests?seconds=0", "/debug/pprof/", "/debug/pprof/cmdline")

    def make(self, *settings):
        server = Varved(BUILD, settings=["auth.enabled=true", *settings])
        server.start()
        self.addCleanup(server.__exit__)
        server.request("POST", "/query?q=create+user+root+with+password+'r'+with+all+privileges")
        token = base64.b64encode(b"root:r").decode()
        headers = {"Authorization": "Basic " + token}
        server.request("POST", "/query?q=create+user+bob+with+password+'b'", headers=headers)
        return server

    def statuses(self, server, page):
        statuses = []
        for credentials in (None, b"bob:b", b"root:r"):
            headers = {} if credentials is None else {
                "Authorization": "Basic " + base64.b64encode(credentials).decode()}
            statuses.append(server.request("GET", page, headers=headers)[0])
        return statuses

    def test_administrators_only(self):
        server = self.make()
        for page in self.PAGES:
            self.assertEqual(self.statuses(server, page), [401, 403, 200], page)

    def test_everybody_if_so_configured(self):
        server = self.make("http.pprof_auth_enabled=false")
        for page in self.PAGES:
            self.assertEqual(self.statuses(server, page), [200, 200, 200], page)

    def test_requests_are_told_apart_by_user(self):
        server = self.make()
        root = {"Authorization": "Basic " + base64.b64encode(b"root:r").decode()}
        answers = []
        watch = threading.Thread(target=lambda: answers.append(
            server.request("GET", "/debug/requests?seconds=1", headers=root)[2]))
        watch.start()
        time.sleep(0.4)
        server.request("GET", "/query?q=show+databases&u=bob&p=b")
        watch.join()
        self.assertEqual(json.loads(answers[0]), {"bob:127.0.0.1": {"writes": 0, "queries": 1}})


class Stopping(unittest.TestCase):
    def test_watchers_do_not_hold_up_a_stop(self):
        with Varved(BUILD) as server:
            answers = []
            watch = threading.Thread(target=lambda: answers.append(
                server.request("GET", "/debug/requests?seconds=3600")))
            watch.start()
            eventually(lambda: server.metric("varve_http_route_active",
                                             route="/debug/requests") == 1)
            begun = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - begun, 5)
            watch.join()
            self.assertEqual(answers[0][::2], (200, b"{\n\n}\n"))


if __name__ == "__main__":
    unittest.main()
