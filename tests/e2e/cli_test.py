"""The command line `varve`: one-shot queries, formats, scripts, the interactive shell on a real
terminal, and the plugin verbs."""

import json
import os
import pty
import select
import stat
import subprocess
import tempfile
import time
import unittest

from varved import Varved

BUILD = os.environ["TEST_BUILD"]
VARVE = os.path.join(BUILD, "bin/varve")


class Terminal:
    """A program on a pseudo terminal."""

    def __init__(self, arguments, home):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(HOME=home, TERM="xterm")
            os.execv(arguments[0], arguments)
        self.seen = ""

    def wait_for(self, text, timeout_s=20):
        deadline = time.monotonic() + timeout_s
        while text not in self.seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not come; seen: {self.seen[-500:]!r}")
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.fd, 4096).decode(errors="replace")
                except OSError:
                    break
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD)
        cls.server.start()
        cls.server.query("create database db")
        cls.server.write("cpu,host=a value=1.5 1000000000\ncpu,host=b value=2 2000000000\n"
                         'text note="a, \\"b\\"" 1')

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def varve(self, *arguments, stdin=None, code=0):
        done = subprocess.run([VARVE, "-port", str(self.server.port), *arguments], input=stdin,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_columns(self):
        head = "time       value\n----       -----\n"
        out = self.varve("-database", "db", "-execute", "select value from cpu group by host")
        self.assertEqual(out, f"name: cpu\ntags: host=a\n{head}1000000000 1.5\n\n"
                              f"name: cpu\ntags: host=b\n{head}2000000000 2\n\n")

    def test_csv(self):
        out = self.varve("-database", "db", "-format", "csv", "-precision", "s",
                         "-execute", "select value, host from cpu")
        self.assertEqual(out, "name,time,value,host\ncpu,1,1.5,a\ncpu,2,2,b\n\n")
        out = self.varve("-database", "db", "-format", "csv", "-execute", "select note from text")
        self.assertIn('text,1,"a, ""b"""\n', out)

    def test_json_and_rfc3339(self):
        out = self.varve("--database=db", "--format", "json", "--precision", "rfc3339", "--execute",
                         "select value from cpu limit 1")
        self.assertEqual(json.loads(out)["results"][0]["series"][0]["values"],
                         [["1970-01-01T00:00:01Z", 1.5]])

    def test_errors_have_an_exit_code(self):
        self.assertIn("ERR: error parsing query", self.varve("-execute", "nonsense", code=1))
        self.assertIn("ERR: database not found: nope",
                      self.varve("-database", "nope", "-execute", "select v from m", code=1))
        self.assertIn("unknown flag -nonsense", self.varve("-nonsense", code=2))
        done = subprocess.run([VARVE, "-port", "1", "ping"], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot reach the server at localhost:1", done.stderr)

    def test_script_on_standard_input(self):
        out = self.varve("-format", "csv",
                         stdin="use db\ninsert piped v=7i 5\nselect v\nfrom piped\n")
        self.assertIn("piped,5,7", out)

    def test_interactive_with_history_and_completion(self):
        with tempfile.TemporaryDirectory() as home:
            shell = Terminal([VARVE, "-port", str(self.server.port), "-database", "db"], home)
            shell.wait_for("Connected to version")
            shell.wait_for("> ")
            shell.type("select value from cpu limit 1\n")
            shell.wait_for("1000000000 1.5")
            shell.type("precision s\n")
            shell.wait_for("> ")
            shell.type("select val\t from cpu limit 1\n")  # completes to "value"
            shell.wait_for("1    1.5")
            shell.type("SET PASSWORD FOR bob = 'secret'\n")
            shell.wait_for("ERR")
            shell.type("history\n")
            shell.wait_for("precision s")
            shell.type("exit\n")
            self.assertEqual(shell.end(), 0)
            path = os.path.join(home, ".varve_history")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path) as file:
                text = file.read()
            self.assertIn("precision", text)
            self.assertNotIn("secret", text)

    def test_plugin_verbs(self):
        self.assertIn("storage.strata", self.varve("plugin", "list"))
        self.assertIn("loaded", json.loads(self.varve("--json", "plugin", "list")))
        plugin = os.path.join(BUILD, "lib/varve/plugins/inputs.udp.so")
        self.assertTrue(self.varve("plugin", "check", plugin).endswith("passed\n"))
        with tempfile.TemporaryDirectory() as folder:
            broken = os.path.join(folder, "x.so")
            with open(broken, "w") as file:
                file.write("no library")
            done = subprocess.run([VARVE, "plugin", "check", broken], capture_output=True,
                                  text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("refused: expected an ELF shared library", done.stdout)
            target = os.path.join(folder, "weather")
            self.varve("plugin", "new", "inputs.weather", target)
            with open(os.path.join(target, "plugin.cpp")) as file:
                self.assertIn("VARVE_PLUGIN(varve::WeatherInput)", file.read())
            self.assertIn("is not empty",
                          self.varve("plugin", "new", "inputs.weather", target, code=1))
            self.assertIn("no KIND.NAME", self.varve("plugin", "new", "weather", target, code=1))

    def test_help(self):
        for arguments in (("--help",), ("plugin", "--help"), ("plugin", "help")):
            self.assertIn("usage: varve", self.varve(*arguments))


if __name__ == "__main__":
    unittest.main()
