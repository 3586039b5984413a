"""The two servers under comparison, and one request to each over connections that stay open."""

import http.client
import shutil
import tempfile
import threading
import time
import urllib.parse

from influxd import Influxd
from varved import Varved

# Keeps a mistaken query from taking the machine with it.
SETTINGS = '[coordinator]\nquery-timeout = "20s"\nmax-select-buckets = 50000\n'
TIMEOUT_S = 30


class Answer:
    def __init__(self, status, kind, body):
        self.status = status
        self.kind = kind  # Content-Type
        self.body = body  # text


class Side:
    """A server and the calling thread's connection to it."""

    def __init__(self, server):
        self.server = server
        self.local = threading.local()

    def request(self, method, target, body=None, headers=None):
        for attempt in (1, 2):
            connection = getattr(self.local, "connection", None)
            if connection is None or self.local.port != self.server.port:
                connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                        timeout=TIMEOUT_S)
                self.local.connection, self.local.port = connection, self.server.port
            try:
                connection.request(method, target, body=body, headers=headers or {})
                response = connection.getresponse()
                text = response.read().decode(errors="replace")
                return Answer(response.status, response.getheader("Content-Type", ""), text)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.local.connection = None
                if attempt == 2 or isinstance(error, TimeoutError):
                    return Answer(0, "", f"no answer: {type(error).__name__}")
        raise AssertionError("unreachable")

    def query(self, text, parameters, headers):
        form = urllib.parse.urlencode({**parameters, "q": text})
        return self.request("POST", "/query", form, {
            "Content-Type": "application/x-www-form-urlencoded", **headers})

    def write(self, lines, db, policy):
        target = "/write?" + urllib.parse.urlencode({"db": db, "rp": policy})
        answer = self.request("POST", target, lines.encode())
        if answer.status != 204:
            raise AssertionError(f"write to {db}.{policy}: {answer.status} {answer.body[:300]}")


class Servers:
    """Both servers, running; use as a context manager."""

    def __init__(self, build):
        self.build = build
        self.folder = tempfile.mkdtemp(prefix="influxd-random-")
        self.restart_lock = threading.Lock()
        self.restarts = self.restarts_of_varved = 0

    def __enter__(self):
        self.influxd = Influxd(folder=self.folder, data_settings=SETTINGS)
        self.influxd.__enter__()
        self.varved = Varved(self.build)
        self.varved.__enter__()
        self.theirs = Side(self.influxd)
        self.mine = Side(self.varved)
        return self

    def __exit__(self, *_):
        self.varved.__exit__()
        self.influxd.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, text, parameters, headers):
        """(influxd's answer, varved's answer)"""
        theirs = self.theirs.query(text, parameters, headers)
        mine = self.mine.query(text, parameters, headers)
        if theirs.status == 0 or mine.status == 0:
            self.revive()
        return theirs, mine

    def both(self, text, **parameters):
        for side in (self.theirs, self.mine):
            answer = side.query(text, parameters, {})
            if answer.status != 200 or '"error"' in answer.body:
                raise AssertionError(f"{text}: {answer.body}")

    def write(self, lines, db, policy):
        self.theirs.write(lines, db, policy)
        self.mine.write(lines, db, policy)

    def revive(self):
        """Starts again what has ended."""
        with self.restart_lock:
            for server, start in ((self.influxd, self.influxd.__enter__),
                                  (self.varved, self.varved.start)):
                if server.process.poll() is None:
                    continue
                self.restarts += 1
                self.restarts_of_varved += server is self.varved
                time.sleep(0.5)
                start()
