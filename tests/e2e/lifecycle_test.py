"""Start, configuration, signals, stop."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]
PROGRAM = os.path.join(BUILD, "bin/varved")


def run(*arguments, environment=None):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(environment or {})})


class Lifecycle(unittest.TestCase):
    def test_help_and_version(self):
        self.assertIn("--data-dir", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^varved \d+\.\d+\.\d+\n$")

    def test_print_config_shows_origins(self):
        done = run("--print-config", "--http", ":1234", "--set", "inputs.udp.database=mine",
                   environment={"VARVE_LOG__LEVEL": "debug"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('http.bind_address = ":1234"  # flag\n', done.stdout)
        self.assertIn('log.level = "debug"  # environment VARVE_LOG__LEVEL\n', done.stdout)
        self.assertIn('inputs.udp.0.database = "mine"  # flag\n', done.stdout)
        self.assertIn('query.timeout = "1m"  # default\n', done.stdout)

    def test_check_config_names_file_and_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "varve.toml")
            with open(path, "w") as file:
                file.write("[http]\nbind_adress = \":1\"\n")
            done = run("--config", path, "--check-config")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f'{path}:2: unknown key "http.bind_adress"; did you mean '
                          '"http.bind_address"?', done.stderr)
            with open(path, "w") as file:
                file.write("[[inputs.grafite]]\n")
            done = run("--config", path, "--check-config")
            self.assertIn("did you mean inputs.graphite?", done.stderr)
            with open(path, "w") as file:
                file.write("[[inputs.udp]]\ndatabase = \"a\"\n[[inputs.udp]]\ndatabas = \"b\"\n")
            done = run("--config", path, "--check-config")
            self.assertIn(f'{path}:4: unknown key "databas"', done.stderr)

    def test_stops_cleanly_and_keeps_the_data(self):
        with Varved(BUILD) as server:
            server.query("create database db")
            self.assertEqual(server.write("m v=1 1"), (204, ""))
            self.assertEqual(server.stop(), 0)
            server.start()
            self.assertEqual(server.rows("select v from m"), [[1, 1]])

    def test_two_servers_do_not_share_a_directory(self):
        with Varved(BUILD) as server:
            done = run("--data-dir", server.data_dir, "--http", "127.0.0.1:0")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("is in use by another server", done.stderr)

    def test_a_taken_port_is_a_clear_error(self):
        with Varved(BUILD) as server, tempfile.TemporaryDirectory() as folder:
            done = run("--data-dir", folder, "--http", f"127.0.0.1:{server.port}")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(str(server.port), done.stderr)

    def test_sighup_reloads_what_can_change(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "varve.toml")
            with open(path, "w") as file:
                file.write("[log]\nlevel = \"info\"\n[http]\nqueue_max = 100\n")
            with Varved(BUILD, program_arguments=["--config", path]) as server:
                with open(path, "w") as file:
                    file.write("[log]\nlevel = \"debug\"\n"
                               "[http]\nqueue_max = 200\naccess_log = true\n")
                server.process.send_signal(signal.SIGHUP)
                eventually(lambda: "configuration reloaded" in server.logs(), what="the reload")
                self.assertIn("only changes with a restart\" key=http.queue_max", server.logs())
                server.request("GET", "/ping")
                eventually(lambda: "target=/ping" in server.logs(), what="the access log")
                with open(path, "w") as file:
                    file.write("[log]\nlevel = \"nonsense\n")
                server.process.send_signal(signal.SIGHUP)
                eventually(lambda: "reload failed, nothing changed" in server.logs())
                self.assertEqual(server.request("GET", "/ping")[0], 204)

    def test_sd_notify(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "notify")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
                listener.bind(path)
                listener.settimeout(20)
                os.environ["NOTIFY_SOCKET"] = path
                try:
                    with Varved(BUILD) as server:
                        self.assertIn(b"READY=1", listener.recv(1024))
                        server.stop()
                        self.assertIn(b"STOPPING=1", listener.recv(1024))
                finally:
                    del os.environ["NOTIFY_SOCKET"]

    def test_json_logs(self):
        with Varved(BUILD, settings=["log.format=json"]) as server:
            for line in server.logs().splitlines():
                self.assertIn("msg", json.loads(line))

    def test_a_damaged_catalog_is_replaced_by_its_backup(self):
        with Varved(BUILD) as server:
            server.query("create database db")
            server.write("m v=1 1")
            time.sleep(0.5)  # the backup is written soon after a change
            server.stop()
            path = os.path.join(server.data_dir, "catalog.sqlite")
            with open(path, "r+b") as file:
                file.write(b"\xff" * 200)
            server.start()
            self.assertEqual(server.rows("select v from m"), [[1, 1]])
            self.assertIn("moved to quarantine", server.logs())
            self.assertTrue(os.listdir(os.path.join(server.data_dir, "quarantine")))

    def test_raises_its_file_limit(self):
        with Varved(BUILD) as server:
            with open(f"/proc/{server.process.pid}/limits") as file:
                line = next(line for line in file if line.startswith("Max open files"))
            soft, hard = line.split()[3:5]
            self.assertEqual(soft, hard)

    def test_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "http.sock")
            with Varved(BUILD, settings=[f"http.unix_socket={path}"]):
                done = subprocess.run(["curl", "-s", "--unix-socket", path, "http://x/health"],
                                      capture_output=True, text=True, timeout=20)
                self.assertEqual(json.loads(done.stdout)["status"], "pass")


if __name__ == "__main__":
    unittest.main()
