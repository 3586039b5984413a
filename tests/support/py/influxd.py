"""Starts a real influxd 1.x as a peer: its own directory and ports, no logs, no monitor store."""

import json
import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
max-series-per-database = 0
max-values-per-tag = 0
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
[logging]
level = "error"
"""


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Influxd:
    """Use as a context manager; write() and query() as Varved's."""

    def __init__(self, folder=None):
        self.owns_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="influxd-test-")
        self.process = None
        self.port = None

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        self.port = _free_port()
        path = os.path.join(self.folder, "influxdb.conf")
        with open(path, "w") as file:
            file.write(CONFIG.format(folder=self.folder, port=self.port, rpc=_free_port()))
        self.process = subprocess.Popen(["influxd", "run", "-config", path],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                if self.request("GET", "/ping")[0] == 204:
                    return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError("influxd did not start")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def request(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
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
        form = urllib.parse.urlencode({"db": db, "q": text, **parameters})
        _, _, answer = self.request("POST", "/query", form,
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        return json.loads(answer)
