"""varved beside a real influxd: the same calls to both, and what of their answers must be equal."""

import gzip
import json
import unittest

from influxd import Influxd
from varved import Varved

# The others differ by nature: dates, request ids, the version.
HEADERS = ("Content-Type", "Content-Encoding", "Transfer-Encoding", "Content-Length", "Allow",
           "Www-Authenticate", "X-Influxdb-Build", "X-Influxdb-Error",
           "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
           "Access-Control-Allow-Headers", "Access-Control-Expose-Headers")


def matter(headers, body):
    """The headers that clients look at; how an empty body is sent, and the length of a
    compressed one, is its maker's choice."""
    by_name = {name.lower(): value for name, value in headers.items()}
    found = {name: by_name[name.lower()] for name in HEADERS if name.lower() in by_name}
    if found.get("Content-Encoding") == "gzip" or not body:
        found.pop("Content-Length", None)
    if not body:
        found.pop("Content-Encoding", None)
        found.pop("Transfer-Encoding", None)
    if "Allow" in found:
        found["Allow"] = sorted(found["Allow"].split(", "))
    return found


def unpacked(headers, body):
    return gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body


class Both(unittest.TestCase):
    """Both servers for the tests of a class. `varve_settings`: of --set; `http_settings`: lines of
    influxd's section [http]."""

    build = None
    varve_settings = ()
    http_settings = ""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.varve = Varved(cls.build, settings=cls.varve_settings)
        cls.varve.start()
        cls.addClassCleanup(cls.varve.__exit__)
        cls.influxd = Influxd(http_settings=cls.http_settings)
        cls.influxd.__enter__()
        cls.addClassCleanup(cls.influxd.__exit__)

    @property
    def servers(self):
        return self.varve, self.influxd

    def same_answer(self, method, target, body=None, headers=None):
        """Sends one request to both; the body, as JSON where it is that."""
        answers = []
        for server in self.servers:
            status, got, data = server.request(method, target, body, headers)
            plain = unpacked(got, data)
            try:
                document = json.loads(plain)
            except ValueError:
                document = plain
            answers.append((status, matter(got, plain), document))
        with self.subTest(method=method, target=target, body=body):
            self.assertEqual(answers[0], answers[1])
        return answers[0][2]
