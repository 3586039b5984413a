"""python3-influxdb, every public method of its client, against varved and a real influxd: the same
results and errors, and the same answers on the wire."""

import os
import re
import unittest

import requests
from influxdb import InfluxDBClient, SeriesHelper
from influxdb.exceptions import InfluxDBClientError, InfluxDBServerError

from both import Both, matter
from varved import eventually

BUILD = os.environ["TEST_BUILD"]


class Recorded:
    """A client whose answers on the wire are kept."""

    def __init__(self, server, **options):
        self.server = server
        self.wire = []
        session = requests.Session()
        session.hooks["response"] = [self.record]
        self.client = InfluxDBClient("127.0.0.1", server.port, session=session, **options)

    def record(self, response, *_args, **_options):
        text = re.sub(rb"127\.0\.0\.1:[0-9]+", b"ADDRESS", response.content)
        self.wire.append((response.request.method, response.status_code,
                          matter(response.headers, response.content), text))

    def outcome(self, call):
        self.wire.clear()
        try:
            result = call(self.client)
        except (InfluxDBClientError, InfluxDBServerError, ValueError, TypeError) as error:
            return type(error).__name__, str(error), list(self.wire)
        if not isinstance(result, (list, bool, str, type(None), dict)):
            result = result.raw if hasattr(result, "raw") else [part.raw for part in result]
        elif isinstance(result, list):
            result = [getattr(part, "raw", part) for part in result]
        return "ok", result, list(self.wire)


class Clients(Both):
    build = BUILD

    def clients(self, **options):
        return [Recorded(server, **options) for server in self.servers]

    def same(self, clients, call, what=None):
        varve, influxd = [client.outcome(call) for client in clients]
        with self.subTest(call=what or call.__code__.co_consts):
            self.assertEqual(varve, influxd)
        return varve[1]


class Open(Clients):
    def setUp(self):
        self.both = self.clients(database="db")
        for client in self.both:
            client.client.drop_database("db")
            client.client.create_database("db")

    def ask(self, call, what=None):
        return self.same(self.both, call, what)

    def test_ping(self):
        self.assertEqual(self.both[0].client.ping(), "1.8.10")
        for client in self.both:
            client.client.ping()
            self.assertEqual((client.wire[-1][1], client.wire[-1][3]), (204, b""))

    def test_databases(self):
        self.ask(lambda c: c.create_database('with "quotes" and \'these\''))
        self.ask(lambda c: c.create_database("db"))
        self.ask(lambda c: c.get_list_database())
        self.ask(lambda c: c.drop_database('with "quotes" and \'these\''))
        self.ask(lambda c: c.drop_database("nope"))
        self.ask(lambda c: c.switch_database("other"))
        self.ask(lambda c: c.query("select * from m"))
        self.ask(lambda c: c.write_points([{"measurement": "m", "fields": {"v": 1}}]))
        self.ask(lambda c: c.switch_database("db"))

    def test_retention_policies(self):
        self.ask(lambda c: c.create_retention_policy("week", "7d", 1))
        self.ask(lambda c: c.create_retention_policy("day", "1d", "1", default=True))
        self.ask(lambda c: c.create_retention_policy("shards", "2w", 1, "db", False, "2d"))
        self.ask(lambda c: c.create_retention_policy("short", "5m", 1))
        self.ask(lambda c: c.create_retention_policy("week", "8d", 1))
        self.ask(lambda c: c.create_retention_policy("bad", "7", 1))
        self.ask(lambda c: c.create_retention_policy("bad", "INF", 1, "nope"))
        self.ask(lambda c: c.get_list_retention_policies())
        self.ask(lambda c: c.get_list_retention_policies("nope"))
        self.ask(lambda c: c.alter_retention_policy("week", duration="INF", default=True))
        self.ask(lambda c: c.alter_retention_policy("day", "db", "4d", 1, None, "12h"))
        self.ask(lambda c: c.alter_retention_policy("day"))
        self.ask(lambda c: c.alter_retention_policy("nope", duration="2d"))
        self.ask(lambda c: c.write_points([{"measurement": "m", "fields": {"v": 1}}],
                                          retention_policy="week"))
        self.ask(lambda c: c.write_points([{"measurement": "m", "fields": {"v": 1}}],
                                          retention_policy="nope"))
        self.ask(lambda c: c.get_list_retention_policies("db"))
        self.ask(lambda c: c.drop_retention_policy("shards"))
        self.ask(lambda c: c.drop_retention_policy("shards", "nope"))
        self.ask(lambda c: c.get_list_retention_policies())

    def write_all_forms(self):
        point = {"measurement": "cpu load", "tags": {"host": "a b", "dc": "x,y=z", "gone": None},
                 "time": "2020-01-01T00:00:00Z",
                 "fields": {"f": 1.5, "i": 3, "b": True, "s": 'te"xt\\', "none": None}}
        self.ask(lambda c: c.write_points([point]))
        self.ask(lambda c: c.write_points([{**point, "time": 1577836801}], time_precision="s",
                                          tags={"all": "yes", "host": "ä"}))
        for index, precision in enumerate(("n", "u", "ms", "s", "m", "h")):
            self.ask(lambda c, p=precision, i=index: c.write_points(
                [{"measurement": p, "time": 400000 + i, "fields": {"v": float(i)}}], p),
                precision)
        self.ask(lambda c: c.write_points(
            ({"measurement": "many", "time": i, "tags": {"t": str(i % 3)}, "fields": {"v": i}}
             for i in range(2500)), batch_size=1000))
        self.ask(lambda c: c.write_points(["line,t=a v=1i 1", "line,t=b v=2i 2"],
                                          protocol="line"))
        self.ask(lambda c: c.write(["line v=3i 3"], {"db": "db", "precision": "s"},
                                   protocol="line"))
        self.ask(lambda c: c.write({"points": [{"measurement": "w", "time": 9,
                                                "fields": {"v": 1}}]}, {"db": "db"}))
        for level in ("any", "one", "quorum", "all"):
            self.ask(lambda c, l=level: c.write_points(["line v=4i 4"], protocol="line",
                                                       consistency=l), level)
        self.ask(lambda c: c.write_points([]))
        self.ask(lambda c: c.write_points(["line v=text 5"], protocol="line"))
        self.ask(lambda c: c.write_points(["line v=1.5 5", "line,t=a w=1 5"], protocol="line"))
        self.ask(lambda c: c.write_points(["line"], protocol="line"))
        self.ask(lambda c: c.write_points(["a v=1 5"], protocol="line", database="nope"))

    def test_write_and_query(self):
        self.write_all_forms()
        texts = ["select * from /.*/", 'select * from "cpu load" where host = \'a b\'',
                 "select mean(v), count(v) from many group by t",
                 "select mean(v) from many where time < 3000n group by time(500n) fill(0)",
                 "select top(v, 2), t from many", "show measurements; select * from line",
                 "select nothing from line", "select * from nowhere", "", "select", "drop it",
                 "select sum(v) from many; select max(v) from many; select bad(v) from many",
                 "explain select v from nowhere", "select * from nope.autogen.m"]
        for text in texts:
            self.ask(lambda c, t=text: c.query(t), text)
            self.ask(lambda c, t=text: c.query(t, raise_errors=False, method="POST"), text)
        for epoch in ("h", "m", "s", "ms", "u", "ns", "n", "bogus"):
            self.ask(lambda c, e=epoch: c.query("select * from line, many limit 3", epoch=e),
                     epoch)
        for size in (0, 1, 7, 1000, 5000):
            self.ask(lambda c, s=size: list(c.query(
                "select * from many group by t; select v from line; select * from none",
                chunked=True, chunk_size=s)), f"chunks of {size}")
        self.ask(lambda c: list(c.query("select bad(v) from many", chunked=True)))
        self.ask(lambda c: c.query("select * from many where t = $tag and v > $low limit $n",
                                   bind_params={"tag": "1", "low": 2400, "n": 5}))
        self.ask(lambda c: c.query("select * from many where t = $tag",
                                   params={"params": '{"tag": "0\' or t = \'1"}'},
                                   bind_params={"other": 1.5}))
        self.ask(lambda c: c.query("select * from many where t = $missing", bind_params={}))
        self.ask(lambda c: c.query("select * from m", params={"pretty": "true"}))
        self.ask(lambda c: c.query("select v from line", database="nope"))
        self.ask(lambda c: c.query("select * into copy from line group by *"))
        self.ask(lambda c: c.query("select * from copy"))
        self.ask(lambda c: c.request("query", params={"q": "show databases", "async": "true"},
                                     expected_response_code=204) is None)

    def test_lists_and_deletes(self):
        self.write_all_forms()
        self.ask(lambda c: c.get_list_measurements())
        self.ask(lambda c: c.get_list_series())
        self.ask(lambda c: c.get_list_series(measurement="many"))
        self.ask(lambda c: c.get_list_series(database="db", tags={"t": "a", "host": "x"}))
        self.ask(lambda c: c.get_list_series("db", "many", {"t": "1"}))
        self.ask(lambda c: c.delete_series(measurement="many", tags={"t": "1"}))
        self.ask(lambda c: c.delete_series(database="db", tags={"t": "a"}))
        self.ask(lambda c: c.delete_series(measurement="nowhere"))
        self.ask(lambda c: c.delete_series(database="nope", measurement="many"))
        self.ask(lambda c: c.get_list_series())
        self.ask(lambda c: c.drop_measurement("many"))
        self.ask(lambda c: c.drop_measurement("many"))
        self.ask(lambda c: c.get_list_measurements())

    def test_continuous_queries(self):
        select = 'SELECT mean("v") INTO "means" FROM "m" GROUP BY time(1h)'
        self.ask(lambda c: c.create_continuous_query("hourly", select, "db"))
        self.ask(lambda c: c.create_continuous_query("hourly", select))
        self.ask(lambda c: c.create_continuous_query("hourly", select.replace("1h", "2h")))
        self.ask(lambda c: c.create_continuous_query("often", select, "db",
                                                     "EVERY 10s FOR 2h"))
        self.ask(lambda c: c.create_continuous_query("raw", "select v into x from m"))
        self.ask(lambda c: c.get_list_continuous_queries())
        self.ask(lambda c: c.drop_continuous_query("often"))
        self.ask(lambda c: c.drop_continuous_query("often", "nope"))
        self.ask(lambda c: c.get_list_continuous_queries())

    def test_users_and_privileges(self):
        self.ask(lambda c: c.create_user("bob", "it's"))
        self.ask(lambda c: c.create_user("root user", "x", admin=True))
        self.ask(lambda c: c.create_user("bob", "other"))
        self.ask(lambda c: c.create_user("", "other"))
        self.ask(lambda c: c.get_list_users())
        self.ask(lambda c: c.set_user_password("bob", "new"))
        self.ask(lambda c: c.set_user_password("nobody", "new"))
        for privilege in ("read", "write", "all", "fly"):
            self.ask(lambda c, p=privilege: c.grant_privilege(p, "db", "bob"), privilege)
            self.ask(lambda c: c.get_list_privileges("bob"), privilege)
        self.ask(lambda c: c.grant_privilege("read", "nope", "bob"))
        self.ask(lambda c: c.grant_privilege("read", "db", "nobody"))
        self.ask(lambda c: c.revoke_privilege("write", "db", "bob"))
        self.ask(lambda c: c.get_list_privileges("bob"))
        self.ask(lambda c: c.get_list_privileges("nobody"))
        self.ask(lambda c: c.grant_admin_privileges("bob"))
        self.ask(lambda c: c.get_list_users())
        self.ask(lambda c: c.revoke_admin_privileges("bob"))
        self.ask(lambda c: c.revoke_admin_privileges("nobody"))
        for name in ("bob", "root user", "bob"):
            self.ask(lambda c, n=name: c.drop_user(n), name)
        self.ask(lambda c: c.get_list_users())

    def test_series_helper(self):
        for recorded in self.both:
            class Helper(SeriesHelper):
                class Meta:
                    client = recorded.client
                    series_name = "events.stats.{server_name}"
                    fields = ["some_stat", "other_stat"]
                    tags = ["server_name"]
                    bulk_size = 5
                    autocommit = True

            for index in range(12):
                Helper(server_name=f"eu {index % 2}", some_stat=index, other_stat=index / 4)
            Helper.commit()
        self.ask(lambda c: c.query("select count(*) from /.*/ group by *"))

    def test_compressed_and_json(self):
        """What is sent and what comes back in gzip, and JSON instead of MessagePack."""
        for options in ({"gzip": True}, {"headers": {"Accept": "application/json"}},
                        {"headers": {"Accept": "text/csv"}}, {"path": "/", "retries": 1}):
            both = self.clients(database="db", **options)
            self.same(both, lambda c: c.write_points(["z v=1 1", "z v=2 2"], protocol="line"),
                      options)
            if "text/csv" not in str(options):
                self.same(both, lambda c: c.query("select * from z"), options)
                self.same(both, lambda c: c.query("select bad(v) from z"), options)
            else:
                self.same(both, lambda c: c.request("query", params={
                    "db": "db", "q": "select * from z"}) is None, options)

    def test_from_dsn_and_close(self):
        for recorded in self.both:
            client = InfluxDBClient.from_dsn(
                f"influxdb://bob:secret@127.0.0.1:{recorded.server.port}/db", timeout=5)
            self.assertEqual(client.get_list_measurements(), [])
            client.close()

    def test_udp(self):
        """As JSON points and as lines, to the server's own UDP input."""
        client = InfluxDBClient("127.0.0.1", self.varve.port, database="udp", use_udp=True,
                                udp_port=self.varve.input_port("udp.0", "udp"))
        client.write_points([{"measurement": "u", "time": 1, "fields": {"v": 1.5}}])
        client.write_points(["u v=2.5 2"], protocol="line")
        client.send_packet({"points": [{"measurement": "u", "time": 3, "fields": {"v": 3.5}}]})
        eventually(lambda: self.varve.query("select v from u", "udp", epoch="ns")["results"][0]
                   .get("series", [{}])[0].get("values") == [[1, 1.5], [2, 2.5], [3, 3.5]],
                   what="the rows that came by UDP")


class Authenticated(Clients):
    varve_settings = ("auth.enabled=true",)
    http_settings = "auth-enabled = true"

    def test_users(self):
        both = self.clients(username="admin", password="secret", database="db")

        def ask(call, what=None):
            return self.same(both, call, what)

        ask(lambda c: c.get_list_database())
        ask(lambda c: c.create_user("bob", "b"))
        ask(lambda c: c.create_user("admin", "secret", admin=True))
        ask(lambda c: c.create_database("db"))
        ask(lambda c: c.create_user("bob", "b"))
        ask(lambda c: c.write_points(["m v=1 1"], protocol="line"))
        ask(lambda c: c.switch_user("bob", "wrong"))
        ask(lambda c: c.query("select * from m"))
        ask(lambda c: c.write_points(["m v=1 1"], protocol="line"))
        ask(lambda c: c.switch_user("bob", "b"))
        for privilege in ("READ", "WRITE", "ALL"):
            for text in ("select * from m", "show measurements", "show databases", "show users",
                         "create database x", "drop measurement none", "show grants for bob",
                         "select * into n from m", "set password for bob = 'b'",
                         "show continuous queries"):
                ask(lambda c, t=text: c.query(t, method="POST"), (privilege, text))
            ask(lambda c: c.write_points(["m v=2 2"], protocol="line"), privilege)
            ask(lambda c: c.switch_user("admin", "secret"))
            ask(lambda c, p=privilege: c.grant_privilege(p, "db", "bob"), privilege)
            ask(lambda c: c.switch_user("bob", "b"))
        ask(lambda c: c.query("select * from m"))
        ask(lambda c: c.switch_user(None, None))
        ask(lambda c: c.query("select * from m"))
        ask(lambda c: c.write_points(["m v=1 1"], protocol="line"))


if __name__ == "__main__":
    unittest.main()
