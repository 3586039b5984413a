"""Starts a real influxd 1.x as a peer: its own directory and ports, no logs, no monitor store."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from http_side import HttpSide

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
{data_settings}
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{port}"
log-enabled = false
{http_settings}
[logging]
level = "error"
"""


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Influxd(HttpSide):
    """Use as a context manager; write() and query() as Varved's. `data_settings` and
    `http_settings`: further lines of the sections [data] and [http]."""

    def __init__(self, folder=None, data_settings="", http_settings=""):
        self.owns_folder = folder is None
        self.data_settings = data_settings
        self.http_settings = http_settings
        self.folder = folder or tempfile.mkdtemp(prefix="influxd-test-")
        self.process = None
        self.port = None

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        self.port = _free_port()
        path = os.path.join(self.folder, "influxdb.conf")
        with open(path, "w") as file:
            file.write(CONFIG.format(folder=self.folder, port=self.port, rpc=_free_port(),
                                     data_settings=self.data_settings,
                                     http_settings=self.http_settings))
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
