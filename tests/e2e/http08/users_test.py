"""Users of InfluxDB 0.8: who they are, what each may do, and which words refuse it."""

import base64
import json
import os
import unittest

from api import Api, credentials
from varved import Varved

BUILD = os.environ["TEST_BUILD"]
REALM = 'Basic realm="influxdb"'


def point(name):
    return [{"name": name, "columns": ["v"], "points": [[1]]}]


class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Varved(BUILD, settings=["auth.enabled=true", "http.access_log=true"])
        cls.server.start()
        cls.nobody = Api(cls.server)
        assert cls.nobody.text("POST", "/db", {"name": "db"})[0] == 401
        made = cls.nobody.text("POST", "/cluster_admins", {"name": "root", "password": "secret"})
        assert made == (200, ""), made
        cls.root = Api(cls.server, **credentials("root", "secret"))
        for name in ("db", "other"):
            assert cls.root.text("POST", "/db", {"name": name})[0] == 201
        cls.make("paul", isAdmin=True)
        cls.make("reader", readFrom="^cpu", writeTo="^$")
        cls.make("writer", readFrom="^$", writeTo="^cpu")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    @classmethod
    def make(cls, name, db="db", **more):
        made = cls.root.text("POST", f"/db/{db}/users",
                             {"name": name, "password": name + "pw", **more})
        assert made == (200, ""), made

    def user(self, name, password=None):
        return Api(self.server, **credentials(name, password or name + "pw"))

    def test_who_asks(self):
        status, headers, text = self.nobody.ask("GET", "/db")
        self.assertEqual((status, text, headers["Www-Authenticate"]),
                         (401, "Invalid database/username/password", REALM))
        self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
        status, headers, text = self.user("root", "wrong").ask("GET", "/db")
        self.assertEqual((status, text, headers["Www-Authenticate"]),
                         (401, "Invalid username/password", REALM))
        pair = base64.b64encode(b"paul:paulpw").decode()
        self.assertEqual(self.nobody.ask("GET", "/db/db/authenticate", headers={
            "Authorization": "Basic " + pair})[0], 200)
        for header, text in (("x", "Bad auth header"), ("Basic a b", "Bad auth header"),
                             ("Basic !", "Bad encoding"),
                             ("Basic " + base64.b64encode(b"paul").decode(), "Bad auth value")):
            status, _, answer = self.nobody.ask("GET", "/db/db/authenticate",
                                                headers={"Authorization": header})
            self.assertEqual((status, answer), (400, text), header)
        self.assertEqual(self.user("paul").text("GET", "/db/db/authenticate")[0], 200)
        self.assertEqual(self.user("paul").text("GET", "/db/other/authenticate")[0], 401)
        self.assertEqual(self.root.text("GET", "/db/db/authenticate")[0], 200)
        self.assertEqual(self.root.text("GET", "/cluster_admins/authenticate")[0], 200)
        self.assertEqual(self.user("paul").text("GET", "/cluster_admins/authenticate")[0], 401)
        self.assertEqual(self.nobody.text("GET", "/interfaces")[0], 200)

    def test_patterns_of_series(self):
        writer, reader = self.user("writer"), self.user("reader")
        self.assertEqual(writer.write(point("cpu.load")), (200, ""))
        self.assertEqual(writer.write(point("mem")),
                         (403, "User writer doesn't have write permissions for mem"))
        self.assertEqual(reader.write(point("cpu"))[0], 403)
        self.assertEqual(writer.text("POST", "/db/other/series", point("cpu"))[0], 401)
        self.assertEqual(self.root.write(point("mem")), (200, ""))
        self.assertEqual([s["name"] for s in reader.query("select * from /./")], ["cpu.load"])
        self.assertEqual(reader.text("GET", "/db/db/series", q="select * from mem"),
                         (403, "User doesn't have read access to mem"))
        self.assertEqual([s[1] for s in reader.query("list series")[0]["points"]], ["cpu.load"])
        self.assertEqual(writer.text("GET", "/db/db/series", q="select * from cpu.load")[0], 403)
        for statement in ("drop series mem", "delete from mem"):
            self.assertEqual(reader.text("GET", "/db/db/series", q=statement)[0], 403, statement)
        self.assertEqual(self.user("paul").text("DELETE", "/db/db/series/mem"), (204, ""))

    def test_the_users_of_a_database(self):
        paul = self.user("paul")
        self.assertEqual(paul.json("/db/db/users/reader"), {
            "name": "reader", "isAdmin": False, "writeTo": "^$", "readFrom": "^cpu"})
        self.assertIn({"name": "paul", "isAdmin": True, "writeTo": ".*", "readFrom": ".*"},
                      paul.json("/db/db/users"))
        path = "/db/db/users"
        refused = {
            "User paul already exists": {"name": "paul", "password": "paulpw"},
            "Username cannot be empty": {"name": "", "password": "paulpw"},
            "You have to provide read and write permissions":
                {"name": "x", "password": "xxxx", "readFrom": ".*"},
            "Password must be more than 4 and less than 56 characters":
                {"name": "x", "password": "xxx"},
            "password must be string": {"name": "x", "password": 5},
            "x% isn't a valid username": {"name": "x%", "password": "xxxx"},
        }
        for text, body in refused.items():
            self.assertEqual(paul.text("POST", path, body), (400, text))
        self.assertEqual(paul.text("GET", path + "/nobody"), (400, "Invalid username nobody"))
        self.assertEqual(paul.text("DELETE", path + "/nobody"),
                         (400, "User nobody doesn't exist"))
        self.assertEqual(self.user("reader").text("GET", path)[0], 403)
        self.assertEqual(self.root.text("GET", "/db/nowhere/users"),
                         (400, "Database nowhere doesn't exist"))
        self.make("gone")
        self.assertEqual(paul.text("DELETE", path + "/gone"), (200, ""))
        self.assertEqual(self.user("gone").text("GET", "/db/db/authenticate")[0], 401)

    def test_changes_of_a_user(self):
        self.make("eve")
        paul, path = self.user("paul"), "/db/db/users/eve"
        self.assertEqual(self.user("eve").text("POST", path, {"password": "anew"}), (200, ""))
        self.assertEqual(self.user("eve").text("GET", "/db/db/authenticate")[0], 401)
        eve = self.user("eve", "anew")
        self.assertEqual(eve.text("GET", "/db/db/authenticate")[0], 200)
        self.assertEqual(eve.text("POST", path, {"admin": True})[0], 403)
        self.assertEqual(eve.text("POST", path, {"readFrom": ".*", "writeTo": ".*"})[0], 403)
        self.assertEqual(eve.text("POST", "/db/db/users/paul", {"password": "stolen"})[0], 403)
        self.assertEqual(paul.text("POST", path, {"admin": "yes"}), (400, "admin must be boolean"))
        self.assertEqual(paul.text("POST", path, {"readFrom": "x"}),
                         (400, "Changing permissions requires passing readFrom and writeTo"))
        self.assertEqual(paul.text("POST", path, {"admin": True, "readFrom": "a", "writeTo": "b"}),
                         (200, ""))
        self.assertEqual(eve.json(path), {"name": "eve", "isAdmin": True, "writeTo": "b",
                                          "readFrom": "a"})

    def test_cluster_admins(self):
        root = self.root
        self.assertIn({"name": "root"}, root.json("/cluster_admins"))
        self.assertEqual(root.text("POST", "/cluster_admins", {"name": "a", "password": "aaaa"}),
                         (200, ""))
        self.assertEqual(root.text("POST", "/cluster_admins", {"name": "a", "password": "aaaa"}),
                         (400, "User a already exists"))
        self.assertEqual(root.text("POST", "/cluster_admins/a", {"password": "bbbb"}), (200, ""))
        self.assertEqual(self.user("a", "bbbb").text("GET", "/db")[0], 200)
        self.assertEqual(self.user("paul").text("GET", "/cluster_admins")[0], 401)
        # It is one of 1.x's users, too.
        status, _, _ = self.server.request("GET", "/query?q=show+users&u=a&p=bbbb")
        self.assertEqual(status, 200)
        self.assertEqual(root.text("DELETE", "/cluster_admins/a"), (200, ""))
        self.assertEqual(root.text("DELETE", "/cluster_admins/a"),
                         (400, "User a doesn't exist"))

    def test_a_user_of_a_database_is_none_of_1x(self):
        status, _, answer = self.server.request("GET", "/query?q=show+databases&u=paul&p=paulpw")
        self.assertEqual((status, json.loads(answer)), (401, {"error": "authorization failed"}))

    def test_users_outlive_a_restart_and_go_with_their_database(self):
        self.root.text("POST", "/db", {"name": "mortal"})
        self.make("tom", db="mortal")
        self.server.restart()
        tom = self.user("tom")
        self.assertEqual(tom.text("GET", "/db/mortal/authenticate")[0], 200)
        self.root.text("DELETE", "/db/mortal")
        self.root.text("POST", "/db", {"name": "mortal"})
        self.assertEqual(tom.text("GET", "/db/mortal/authenticate")[0], 401)
        self.assertNotIn("tompw", self.server.logs())


if __name__ == "__main__":
    unittest.main()
