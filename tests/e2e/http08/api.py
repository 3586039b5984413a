"""Requests of InfluxDB 0.8's HTTP API to a running server."""

import json
import os
import unittest
import urllib.parse

from varved import Varved


def credentials(name, password):
    return {"u": name, "p": password}


class ApiTest(unittest.TestCase):
    """One server without authentication for all tests of the class."""

    @classmethod
    def setUpClass(cls):
        cls.server = Varved(os.environ["TEST_BUILD"])
        cls.server.start()
        cls.api = Api(cls.server)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()


class Api:
    def __init__(self, server, **parameters):
        """The parameters (u, p) go with every request."""
        self.server = server
        self.parameters = parameters

    def ask(self, method, path, body=None, headers=None, **parameters):
        """(status, headers, body text); a body that is no text is sent as JSON."""
        query = urllib.parse.urlencode({**self.parameters, **parameters})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        status, answered, answer = self.server.request(
            method, path + ("?" + query if query else ""), body, headers)
        return status, answered, answer.decode()

    def text(self, method, path, body=None, **parameters):
        """(status, body text)"""
        status, _, answer = self.ask(method, path, body, **parameters)
        return status, answer

    def json(self, path, **parameters):
        status, _, answer = self.ask("GET", path, **parameters)
        if status != 200:
            raise AssertionError(f"{path}: {status} {answer}")
        return json.loads(answer)

    def write(self, series, db="db", **parameters):
        return self.text("POST", f"/db/{db}/series", series, **parameters)

    def query(self, text, db="db", **parameters):
        return self.json(f"/db/{db}/series", q=text, **parameters)

    def rows(self, text, db="db", **parameters):
        """The points of the only series, each as {column: value}."""
        series = self.query(text, db, **parameters)
        if len(series) != 1:
            raise AssertionError(f"{text}: {series}")
        return [dict(zip(series[0]["columns"], point)) for point in series[0]["points"]]
