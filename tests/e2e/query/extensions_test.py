"""Deletes by values, renames, times in SHOW and storage options, in both storage engines; what is
kept in files is looked at again after a restart and after kill -9."""

import os
import time
import unittest

from varved import Varved, eventually

BUILD = os.environ["TEST_BUILD"]
ROWS = 3000


def error_of(answer):
    return answer["results"][0].get("error", "")


class Extensions:
    """The tests; the classes below say in which engine."""

    engine = None
    keeps_rows = True

    @classmethod
    def setUpClass(cls):
        cls.varve = Varved(BUILD, settings=(f"storage.engine={cls.engine}",))
        cls.varve.start()

    @classmethod
    def tearDownClass(cls):
        cls.varve.__exit__()

    def setUp(self):
        self.ask("drop database db")
        self.ask("create database db")

    def ask(self, text, db="db"):
        answer = self.varve.query(text, db)
        self.assertEqual(error_of(answer), "", text)
        return answer

    def settle(self):
        """Everything into segments, whose statistics answer aggregates."""
        if self.keeps_rows:
            self.assertEqual(
                self.varve.request("POST", "/varve/v1/storage/compact?wait=true")[0], 200)

    def again(self, check):
        """Now, from segments, after a restart, and after kill -9."""
        check()
        if not self.keeps_rows:
            return
        self.settle()
        check()
        self.varve.restart()
        check()
        self.varve.kill()
        self.varve.start()
        check()

    def rows(self, text, db="db"):
        return self.varve.rows(text, db)

    def write_rows(self):
        lines = [f"m,t={i % 3} v={i},n={i}i {i * 1000000000}" for i in range(ROWS)]
        lines += [f"gone,t=x v=5 {i}" for i in range(10)] + ["gone,t=y v=7 1"]
        self.varve.write("\n".join(lines))

    def test_delete_by_value(self):
        self.write_rows()
        self.settle()
        self.ask("delete from m where v >= 2000 and n != 2999 and t = '0'")
        self.ask("delete from m where v < 100 and time >= 50s")
        self.ask("delete from gone where v <= 5.0")
        kept = [i for i in range(ROWS)
                if not (i >= 2000 and i % 3 == 0) and not 50 <= i < 100]

        def check():
            count, low, high, total = self.rows(
                "select count(v), min(v), max(v), sum(n) from m")[0][1:]
            self.assertEqual((count, low, high, total), (len(kept), 0, max(kept), sum(kept)))
            self.assertEqual([row[1] for row in self.rows("select v from m where t = '0'")],
                             [i for i in kept if i % 3 == 0])
            self.assertEqual(self.rows("show series from gone"), [["gone,t=y"]])
            self.assertEqual(self.rows("show tag values from gone with key = t"), [["t", "y"]])
        self.again(check)

        self.ask("delete from gone where v = 7")
        self.again(lambda: self.assertEqual(self.rows("show measurements"), [["m"]]))
        # What comes later is not hidden.
        self.varve.write("gone,t=y v=7 1")
        self.again(lambda: self.assertEqual(self.rows("select v from gone"), [[1, 7]]))

    def test_show_with_times(self):
        self.write_rows()
        self.varve.write("late,t=z v=1,w=2 9000000000000")
        self.ask("delete from gone where v = 7")

        def check():
            self.assertEqual(self.rows("show measurements where time > 5000s"), [["late"]])
            self.assertEqual(self.rows("show measurements where time < 1s"), [["gone"], ["m"]])
            self.assertEqual(self.rows("show field keys where time > 5000s"),
                             [["v", "float"], ["w", "float"]])
            self.assertEqual(self.rows("show series exact cardinality where time = 4s"), [[1]])
            self.assertEqual(self.rows("show measurement cardinality where time < 1s"), [[2]])
        self.again(check)

    def test_rename_measurement(self):
        self.write_rows()
        self.ask("alter measurement m on db rename to other")
        self.assertEqual(error_of(self.varve.query("alter measurement m on db rename to x")),
                         "measurement not found: m")
        self.assertEqual(error_of(self.varve.query("alter measurement other rename to gone")),
                         "measurement already exists: gone")

        def check():
            self.assertEqual(self.rows("show measurements"), [["gone"], ["other"]])
            self.assertEqual(self.rows("select count(n), sum(v) from other")[0][1:],
                             [ROWS, sum(range(ROWS))])
        self.again(check)

    def test_rename_database(self):
        for name in ("renamed", "taken"):
            self.ask(f"drop database {name}")
        self.ask("create database taken")
        self.write_rows()
        self.assertEqual(error_of(self.varve.query("alter database db rename to taken")),
                         "database already exists: taken")
        self.ask("alter database db rename to renamed")
        self.assertEqual(error_of(self.varve.query("select * from m", "db")),
                         "database not found: db")
        self.assertEqual(self.varve.request("POST", "/write?db=db", "m v=1")[0], 404)
        self.varve.write("m,t=new v=1,n=1i 1", db="renamed")
        self.ask("create database db")
        self.varve.write("m v=9 9")

        def check():
            self.assertEqual(self.rows("select count(v) from m", "renamed")[0][1], ROWS + 1)
            self.assertEqual(self.rows("select v from m", "db"), [[9, 9]])
        self.again(check)

    def test_continuous_queries_and_subscriptions_follow(self):
        for name in ("renamed", "other"):
            self.ask(f"drop database {name}")
        self.ask("create database other")
        self.ask('create continuous query "own" on db begin select mean(v) into means '
                 "from m group by time(1s), * end")
        self.ask('create continuous query "reads" on other begin select max(v) into top '
                 "from (select mean(v) as v from db.autogen.m, db.autogen./x/ group by time(1s)) "
                 "group by time(1h) end", "other")
        self.ask("create continuous query apart on other begin select max(db) into db "
                 "from db group by time(1h) end", "other")
        self.ask("create subscription s on db.autogen destinations all 'udp://127.0.0.1:9'")
        self.ask("alter database db rename to renamed")

        def check():
            found = {series["name"]: series.get("values", []) for series in
                     self.varve.query("show continuous queries")["results"][0]["series"]}
            self.assertEqual(found, {
                "renamed": [["own", "CREATE CONTINUOUS QUERY own ON renamed BEGIN SELECT mean(v) "
                             "INTO renamed.autogen.means FROM renamed.autogen.m "
                             "GROUP BY time(1s), * END"]],
                "other": [["reads", "CREATE CONTINUOUS QUERY reads ON other BEGIN SELECT max(v) "
                           "INTO other.autogen.top FROM (SELECT mean(v) AS v FROM "
                           "renamed.autogen.m, renamed.autogen./x/ GROUP BY time(1s)) "
                           "GROUP BY time(1h) END"],
                          ["apart", "CREATE CONTINUOUS QUERY apart ON other BEGIN SELECT max(db) "
                           "INTO other.autogen.db FROM other.autogen.db GROUP BY time(1h) END"]]})
            self.assertEqual(self.varve.query("show subscriptions")["results"][0]["series"],
                             [{"name": "renamed", "columns":
                               ["retention_policy", "name", "mode", "destinations"],
                               "values": [["autogen", "s", "ALL", ["udp://127.0.0.1:9"]]]}])

            def mean_of_new_points():
                # A first run, and one after a restart, leave out the window that is going on.
                self.varve.write(f"m,t=a v=1 {time.time_ns()}", db="renamed")
                found = self.varve.query(f"select mean from means where time > {begun}", "renamed")
                return found["results"][0].get("series")
            begun = time.time_ns()
            eventually(mean_of_new_points, what="the continuous query")
        self.again(check)
        self.ask("drop database renamed")
        self.ask("drop database other")
        self.ask("create database db")

    def test_storage_options(self):
        for name in ("x", "y"):
            self.ask(f"drop database {name}")
        self.ask(f'create database x with storage "{self.engine}" durability interval=50ms')
        self.assertEqual(error_of(self.varve.query('create database y with storage "tape"')),
                         "unknown storage: tape (this server keeps its databases in "
                         f"{self.engine})")
        self.assertNotIn(["y"], self.rows("show databases"))
        self.assertEqual(
            error_of(self.varve.query("create database x with durability always")),
            "database already exists with another durability")
        self.varve.write("m v=1 1", db="x")

        def check():
            self.assertEqual(self.rows("select v from m", "x"), [[1, 1]])
        self.again(check)


class InMemory(Extensions, unittest.TestCase):
    engine = "memory"
    keeps_rows = False


class InStrata(Extensions, unittest.TestCase):
    engine = "strata"


if __name__ == "__main__":
    unittest.main()
