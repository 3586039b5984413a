"""Starts a real varved for a test: its own data directory, free ports, logs kept."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from http_side import HttpSide


class Varved(HttpSide):
    """One server process. Use as a context manager; restart() keeps the data."""

    def __init__(self, build, data_dir=None, settings=(), program_arguments=()):
        self.build = os.path.abspath(build)
        self.owns_data = data_dir is None
        self.data_dir = data_dir or tempfile.mkdtemp(prefix="varved-test-")
        self.settings = list(settings)
        self.program_arguments = list(program_arguments)
        self.process = None
        self.port = None
        self.log_path = os.path.join(self.data_dir, "test.log")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.stop()
        if self.owns_data:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def start(self, timeout_s=60):
        os.makedirs(self.data_dir, exist_ok=True)
        arguments = [os.path.join(self.build, "bin/varved"), "--data-dir", self.data_dir,
                     "--http", "127.0.0.1:0", "--set", "monitor.store_enabled=false",
                     "--set", "inputs.udp.bind_address=127.0.0.1:0",
                     "--set", "inputs.graphite.bind_address=127.0.0.1:0"]
        for setting in self.settings:
            arguments += ["--set", setting]
        self.log = open(self.log_path, "a")
        self.process = subprocess.Popen(arguments + self.program_arguments, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        deadline = time.monotonic() + timeout_s
        line = self.process.stdout.readline()
        if not line.startswith("listening http="):
            raise AssertionError(f"varved did not start (within {deadline}): {self.logs()[-2000:]}")
        self.port = int(line.strip().rsplit(":", 1)[1])

    def stop(self, timeout_s=30):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout_s)
        self.log.close()
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.process.stdout.close()

    def restart(self):
        if self.process.poll() is None:
            self.stop()
        self.start()

    def logs(self):
        with open(self.log_path) as file:
            return file.read()

    def rows(self, text, db="db", **parameters):
        """The rows of all series of the first statement; an error raises."""
        result = self.query(text, db, epoch="ns", **parameters)["results"][0]
        if "error" in result:
            raise AssertionError(f"{text}: {result['error']}")
        return [row for series in result.get("series", []) for row in series.get("values", [])]

    def metric(self, name, **labels):
        """The sum over all time series of a metric that have these labels; 0 if there are none."""
        _, _, text = self.request("GET", "/metrics")
        total = 0.0
        for line in text.decode().splitlines():
            if line.startswith("#"):
                continue
            key, value = line.rsplit(" ", 1)
            if key.split("{")[0] != name:
                continue
            if all(f'{label}="{wanted}"' in key for label, wanted in labels.items()):
                total += float(value)
        return total

    def addresses(self):
        """{"udp.0": ["udp://127.0.0.1:1234"], …}"""
        _, _, answer = self.request("GET", "/varve/v1/plugins")
        return {card["name"]: card["addresses"].split() for card in json.loads(answer)["instances"]}

    def input_port(self, name, protocol):
        for address in self.addresses()[name]:
            if address.startswith(protocol + "://"):
                return int(address.rsplit(":", 1)[1])
        raise AssertionError(f"{name} does not listen on {protocol}")


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, timeout_s=20, what="condition"):
    """Waits until the condition is true; its last value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s} s; last: {value!r}")
        time.sleep(0.05)
