"""One InfluxDB-like server on `self.port`, spoken to over HTTP."""

import http.client
import json
import urllib.parse


class HttpSide:
    def request(self, method, target, body=None, headers=None):
        """(status, headers, body bytes) of one request on its own connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def write(self, lines, db="db", **parameters):
        query = urllib.parse.urlencode({"db": db, **parameters})
        body = lines if isinstance(lines, bytes) else lines.encode()
        status, _, answer = self.request("POST", "/write?" + query, body)
        return status, answer.decode(errors="replace")

    def query(self, text, db="db", **parameters):
        """The whole answer as JSON."""
        form = urllib.parse.urlencode({"db": db, "q": text, **parameters})
        _, _, answer = self.request("POST", "/query", form,
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        return json.loads(answer)
