"""Authentication on: right, wrong and missing credentials at every door, with HTTP by hand and with
the real `influx` and `varve` shells."""

import base64
import hashlib
import hmac
import json
import os
import pty
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from varved import Varved

BUILD = os.environ["TEST_BUILD"]
VARVE = os.path.join(BUILD, "bin/varve")
SECRET = "a shared s3cret"
PASSWORD = "pw of %s, 'quoted'"


def basic(name, password=None):
    pair = f"{name}:{PASSWORD % name if password is None else password}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def jwt(claims, secret=SECRET):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    text = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return {"Authorization": f"Bearer {text}.{part(mac)}"}


def quoted(text):
    return "'" + text.replace("'", "\\'") + "'"


class Auth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD, settings=["auth.enabled=true", f'auth.shared_secret="{SECRET}"',
                                             "http.access_log=true"])
        cls.server.start()
        status, _ = cls.ask_server("create user root with password "
                                   f"{quoted(PASSWORD % 'root')} with all privileges")
        assert status == 200
        for statement in ("create database a", "create database b",
                          f"create user reader with password {quoted(PASSWORD % 'reader')}",
                          f"create user writer with password {quoted(PASSWORD % 'writer')}",
                          "grant read on a to reader", "grant write on a to writer"):
            status, answer = cls.ask_server(statement, basic("root"))
            assert status == 200 and "error" not in answer["results"][0], answer
        cls.server.request("POST", "/write?db=a", b"cpu v=1 1000000000", basic("root"))

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    @classmethod
    def ask_server(cls, text, headers=None, **parameters):
        query = urllib.parse.urlencode({"q": text, **parameters})
        status, _, body = cls.server.request("POST", "/query?" + query, headers=headers)
        return status, json.loads(body)

    def refused(self, method, target, status, text, headers=None, body=None):
        got, answer_headers, answer = self.server.request(method, target, body, headers)
        self.assertEqual((got, json.loads(answer)["error"]), (status, text), target)
        if status == 401:
            self.assertEqual(answer_headers["Www-Authenticate"], 'Basic realm="InfluxDB"')
            self.assertNotIn("X-Influxdb-Error", answer_headers)
        else:
            self.assertEqual(answer_headers["X-Influxdb-Error"], text)

    def test_missing_and_wrong_credentials_at_every_door(self):
        doors = [("GET", "/query?q=show+databases"), ("POST", "/query?q=show+databases"),
                 ("POST", "/write?db=a"), ("POST", "/write?db=nowhere"), ("POST", "/write"),
                 ("POST", "/api/v2/write?bucket=a&org=o")]
        for method, target in doors:
            self.refused(method, target, 401, "unable to parse authentication credentials")
            for wrong in (basic("root", "x"), basic("nobody", "x"), basic("root", ""),
                          {"Authorization": "Token root:x"}):
                self.refused(method, target, 401, "authorization failed", wrong)
            self.refused(method, target, 401, "username required", basic("", "x"))
            self.refused(method, target, 401, "signature is invalid",
                         jwt({"username": "root", "exp": time.time() + 60}, "x"))
        form = "q=show+databases&" + urllib.parse.urlencode({"u": "root", "p": PASSWORD % "root"})
        self.refused("POST", "/query", 401, "unable to parse authentication credentials",
                     {"Content-Type": "application/x-www-form-urlencoded"}, form)

    def test_every_way_to_say_who_one_is(self):
        parameters = urllib.parse.urlencode({"u": "root", "p": PASSWORD % "root"})
        target = "/query?q=show+users&"
        token = {"username": "root", "exp": int(time.time()) + 60}
        # A token with blanks is two words and no token: basic carries such passwords.
        self.ask_server("create user plain with password 'plain:pw' with all privileges",
                        basic("root"))
        for extra, headers in (("", basic("root")), (parameters, None), ("", jwt(token)),
                               ("", {"Authorization": "Token plain:plain:pw"})):
            status, _, body = self.server.request("GET", target + extra, headers=headers)
            self.assertEqual(status, 200)
            self.assertIn(["root", True], json.loads(body)["results"][0]["series"][0]["values"])
        for claims, text in (({"username": "root"}, "token expiration required"),
                             ({"username": "root", "exp": 5}, "Token is expired"),
                             ({"exp": token["exp"]}, "username in token must be a string"),
                             ({**token, "username": "eve"}, "user not found")):
            self.refused("GET", target, 401, text, jwt(claims))

    def test_privileges(self):
        status, answer = self.ask_server("select v from cpu", basic("reader"), db="a", epoch="s")
        self.assertEqual((status, answer["results"][0]["series"][0]["values"]), (200, [[1, 1]]))
        for user, database, text, needs in (
                ("reader", "b", "select v from cpu", "READ on b"),
                ("writer", "a", "select v from cpu", "READ on a"),
                ("reader", "a", "drop series from cpu", "WRITE on a"),
                ("reader", "a", "show users", "admin privilege"),
                ("writer", "a", "create database c", "admin privilege")):
            status, answer = self.ask_server(text, basic(user), db=database)
            self.assertEqual(status, 403)
            self.assertTrue(answer["error"].startswith(
                f"error authorizing query: {user} not authorized to execute statement '"))
            self.assertTrue(answer["error"].endswith(f"', requires {needs}"), answer)
        for user, shown in (("root", [["a"], ["b"]]), ("reader", [["a"]]), ("writer", [["a"]])):
            _, answer = self.ask_server("show databases", basic(user))
            self.assertEqual(answer["results"][0]["series"][0]["values"], shown)

    def test_writes(self):
        body = b"written v=1"
        for target in ("/write?db=a", "/api/v2/write?bucket=a&org=o",
                       "/api/v2/write?bucket=a/autogen"):
            for user, wanted in (("root", 204), ("writer", 204), ("reader", 403)):
                status, _, _ = self.server.request("POST", target, body, basic(user))
                self.assertEqual(status, wanted, (target, user))
        self.refused("POST", "/write?db=b", 403,
                     '"writer" user is not authorized to write to database "b"', basic("writer"),
                     b"no line protocol")
        self.refused("POST", "/write?db=c", 404, 'database not found: "c"', basic("writer"), body)
        self.refused("POST", "/write", 400, "database is required", basic("writer"), body)

    def test_a_stranger_s_body_is_not_unpacked(self):
        coding = {"Content-Encoding": "gzip"}
        self.refused("POST", "/write?db=a", 401, "unable to parse authentication credentials",
                     coding, b"no gzip")
        status, _, _ = self.server.request("POST", "/write?db=a", b"no gzip",
                                           {**coding, **basic("writer")})
        self.assertEqual(status, 400)

    def test_admin_routes(self):
        for method, path in (("GET", "plugins"), ("GET", "rejects"), ("GET", "config"),
                             ("GET", "storage/status"), ("POST", "storage/compact?wait=true"),
                             ("POST", "storage/scrub")):
            target = "/varve/v1/" + path
            for headers, wanted in ((None, 401), (basic("root", "x"), 401), (basic("reader"), 403),
                                    (basic("root"), 200)):
                status, _, answer = self.server.request(method, target, headers=headers)
                self.assertEqual(status, wanted, (target, headers, answer))
        _, _, config = self.server.request("GET", "/varve/v1/config", headers=basic("root"))
        self.assertNotIn(SECRET, config.decode())

    def test_public_doors_stay_open(self):
        for path, wanted in (("/ping", 204), ("/status", 204), ("/health", 200), ("/ready", 200),
                             ("/metrics", 200), ("/-/healthy", 200)):
            self.assertEqual(self.server.request("GET", path)[0], wanted, path)
        self.assertEqual(self.server.request("OPTIONS", "/query")[0], 200)
        for path in ("/debug/vars", "/debug/pprof/heap"):
            self.assertEqual(self.server.request("GET", path)[0], 401)

    def test_guesses_are_limited(self):
        self.ask_server("create user guessed with password 'right'", basic("root"))
        answers = [self.server.request("GET", "/query?q=show+databases",
                                       headers=basic("guessed", f"guess {i}"))
                   for i in range(32)]
        self.assertEqual([status for status, _, _ in answers], [401] * 30 + [429] * 2)
        self.assertIn("Retry-After", answers[-1][1])
        # Others behind the same address are not locked out.
        self.assertEqual(self.ask_server("show databases", basic("reader"))[0], 200)
        self.assertGreater(self.server.metric("varve_auth_failures_total", reason="guess_limit"), 1)

    def test_changes_count_at_once(self):
        self.ask_server("create user fleeting with password 'one'", basic("root"))
        self.assertEqual(self.ask_server("show databases", basic("fleeting", "one"))[0], 200)
        self.ask_server("set password for fleeting = 'two'", basic("root"))
        self.assertEqual(self.ask_server("show databases", basic("fleeting", "one"))[0], 401)
        self.assertEqual(self.ask_server("show databases", basic("fleeting", "two"))[0], 200)
        self.ask_server("drop user fleeting", basic("root"))
        self.assertEqual(self.ask_server("show databases", basic("fleeting", "two"))[0], 401)

    def test_no_secret_on_disk_or_in_logs(self):
        self.server.request("GET", "/query?" + urllib.parse.urlencode(
            {"q": "create user hidden with password 'Xyzzy-1'", "p": "Xyzzy-2", "u": "root"}))
        self.server.request("GET", "/query?" + urllib.parse.urlencode(
            {"q": "set password for hidden = 'Xyzzy-3'"}), headers=basic("root"))
        self.ask_server("create user hidden with password 'Xyzzy-4'", basic("root"))
        status, answer = self.ask_server("set password for root = 'Xyzzy-5'", basic("reader"))
        self.assertEqual(status, 403)
        self.assertIn("SET PASSWORD FOR root = [REDACTED]", answer["error"])
        logs = self.server.logs()
        self.assertIn("[REDACTED]", logs)
        self.assertIn("authentication failed", logs)
        for folder, _, files in os.walk(self.server.data_dir):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                for secret in ("Xyzzy", PASSWORD % "root", SECRET):
                    self.assertNotIn(secret.encode(), content, name)

    def influx(self, *arguments, user="root", password=None):
        secret = PASSWORD % user if password is None else password
        return subprocess.run(
            ["influx", "-host", "127.0.0.1", "-port", str(self.server.port), "-username", user,
             "-password", secret, *arguments], capture_output=True, text=True, timeout=60)

    def test_the_influx_shell(self):
        done = self.influx("-execute", "show users")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"root\s+true")
        done = self.influx("-execute", "show databases", password="x")
        self.assertIn("authorization failed", done.stdout + done.stderr)
        done = self.influx("-database", "a", "-execute", "insert cpu,host=s v=2", user="writer")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.influx("-database", "a", "-execute", "insert cpu,host=s v=2", user="reader")
        self.assertIn("user is not authorized to write to database", done.stdout + done.stderr)
        done = self.influx("-execute", "show grants for writer")
        self.assertRegex(done.stdout, r"a\s+WRITE")

    def varve(self, *arguments, **environment):
        return subprocess.run([VARVE, "-port", str(self.server.port), *arguments],
                              capture_output=True, text=True, timeout=60,
                              env={**os.environ, **environment})

    def test_the_varve_shell(self):
        done = self.varve("--username", "root", "--password", PASSWORD % "root", "-execute",
                          "show users")
        self.assertRegex(done.stdout, r"root\s+true")
        done = self.varve("-execute", "show users", VARVE_USERNAME="root",
                          VARVE_PASSWORD=PASSWORD % "root")
        self.assertRegex(done.stdout, r"root\s+true")
        for arguments in (("-execute", "show users"), ("plugin", "list")):
            done = self.varve(*arguments)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("unable to parse authentication credentials", done.stdout + done.stderr)
        done = self.varve("--username", "root", "--password", PASSWORD % "root", "plugin", "list")
        self.assertIn("storage.strata", done.stdout)

    def varve_on_terminal(self, arguments, talk):
        """What the program shows on a terminal; `talk`: (wait for, then type)."""
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(VARVE, [VARVE, "-port", str(self.server.port), *arguments],
                      {**os.environ, "HOME": home.name, "TERM": "dumb"})
        shown = b""
        try:
            for prompt, answer in talk:
                already = len(shown)
                while prompt.encode() not in shown[already:]:
                    shown += os.read(terminal, 1000)
                time.sleep(0.2)  # the echo is switched off after the prompt
                os.write(terminal, answer.encode() + b"\n")
            while piece := os.read(terminal, 1000):
                shown += piece
        except OSError:  # the program's end of the terminal is closed
            pass
        os.waitpid(pid, 0)
        os.close(terminal)
        self.assertNotIn((PASSWORD % "root").encode(), shown)
        return shown.decode()

    def test_the_varve_shell_asks_without_echo(self):
        shown = self.varve_on_terminal(
            ["--username", "root", "--password", "", "-execute", "show users"],
            [("password: ", PASSWORD % "root")])
        self.assertRegex(shown, r"root\s+true")
        shown = self.varve_on_terminal(
            [], [("> ", "show users"), ("credentials", "auth"), ("username: ", "root"),
                 ("password: ", PASSWORD % "root"), ("> ", "show users"), ("true", "exit")])
        self.assertIn("unable to parse authentication credentials", shown)
        self.assertRegex(shown, r"root\s+true")


class FirstSteps(unittest.TestCase):
    def test_until_there_is_an_administrator(self):
        with Varved(BUILD, settings=["auth.enabled=true"]) as server:
            def ask(text, headers=None):
                status, _, body = server.request(
                    "POST", "/query?" + urllib.parse.urlencode({"q": text}), headers=headers)
                return status, json.loads(body)
            refusal = {"error": "error authorizing query: create admin user first or disable "
                                "authentication"}
            for text in ("show databases", "create user bob with password 'x'",
                         "create database a"):
                self.assertEqual(ask(text), (403, refusal))
                self.assertEqual(ask(text, basic("root")), (403, refusal))
            self.assertEqual(server.request("GET", "/varve/v1/plugins")[0], 403)
            self.assertEqual(server.request("POST", "/write?db=a", b"m v=1")[0], 404)
            self.assertEqual(ask("create user root with password 'x' with all privileges;"
                                 " create database a")[0], 200)
            self.assertEqual(server.request("POST", "/write?db=a", b"m v=1")[0], 401)
            self.assertEqual(ask("show databases")[0], 401)
            self.assertEqual(ask("show databases", basic("root", "x"))[0], 200)
            server.restart()
            self.assertEqual(ask("show databases")[0], 401)
            self.assertEqual(ask("show databases", basic("root", "x"))[0], 200)
            # Without the last administrator nobody is let in, as InfluxDB has it.
            ask("create user bob with password 'x'", basic("root", "x"))
            ask("drop user root", basic("root", "x"))
            refusal = {"error": "error authorizing query: no user provided"}
            self.assertEqual(ask("show databases", basic("bob", "x")), (403, refusal))
            status, _, body = server.request("POST", "/write?db=a", b"m v=1", basic("bob", "x"))
            self.assertEqual((status, json.loads(body)["error"]),
                             (403, 'user is required to write to database "a"'))

    def test_ping_may_ask_too(self):
        with Varved(BUILD, settings=["auth.enabled=true",
                                     "inputs.http.ping_auth_enabled=true"]) as server:
            server.request("POST", "/query?" + urllib.parse.urlencode(
                {"q": "create user root with password 'x' with all privileges"}))
            self.assertEqual(server.request("GET", "/ping")[0], 401)
            self.assertEqual(server.request("GET", "/ping", headers=basic("root", "x"))[0], 204)

    def test_off_means_off(self):
        with Varved(BUILD) as server:
            server.query("create user bob with password 'x'", db="")
            server.query("create database a", db="")
            self.assertEqual(server.write("m v=1", "a", u="bob", p="wrong")[0], 204)
            self.assertEqual(server.request("GET", "/query?q=show+databases",
                                            headers=basic("eve"))[0], 200)
            self.assertEqual(server.request("GET", "/varve/v1/plugins")[0], 200)


if __name__ == "__main__":
    unittest.main()
