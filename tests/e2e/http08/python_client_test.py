"""python3-influxdb's client of InfluxDB 0.8, its calls one after the other, against varved."""

import os
import unittest

from influxdb.influxdb08 import InfluxDBClient, SeriesHelper
from influxdb.influxdb08.client import InfluxDBClientError

from varved import Varved

BUILD = os.environ["TEST_BUILD"]


class PythonClient(unittest.TestCase):
    def setUp(self):
        self.server = Varved(BUILD, settings=["auth.enabled=true"])
        self.server.start()
        InfluxDBClient("127.0.0.1", self.server.port, "root", "").request(
            "cluster_admins", "POST", data={"name": "root", "password": "root"})
        self.client = self.connect("root", "root")
        self.assertTrue(self.client.create_database("db"))

    def tearDown(self):
        self.server.__exit__()

    def connect(self, name, password):
        return InfluxDBClient("127.0.0.1", self.server.port, name, password, "db")

    def test_databases(self):
        self.assertEqual(self.client.get_list_database(), [{"name": "db"}])
        self.assertTrue(self.client.create_database("more"))
        with self.assertRaises(InfluxDBClientError) as refused:
            self.client.create_database("more")
        self.assertEqual((refused.exception.code, refused.exception.content),
                         (409, b"database more exists"))
        self.assertTrue(self.client.delete_database("more"))
        self.client.switch_database("nowhere")
        with self.assertRaises(InfluxDBClientError):
            self.client.write_points([{"name": "a", "columns": ["v"], "points": [[1]]}])

    def test_points(self):
        data = [{"name": "cpu_load_short", "columns": ["time", "value", "host"],
                 "points": [[1400000000 + i, i, f"h{i}"] for i in range(5)]}]
        self.assertTrue(self.client.write_points(data))
        self.assertTrue(self.client.write_points(
            [{"name": "batched", "columns": ["value"], "points": [[i] for i in range(10)]}],
            batch_size=3))
        answer = self.client.query("select value from cpu_load_short where value > 2")
        self.assertEqual([[p[0], p[2]] for p in answer[0]["points"]],
                         [[1400000004, 4], [1400000003, 3]])
        chunked = self.client.query("select value from /.*/", chunked=True)
        self.assertEqual(sorted(piece["name"] for piece in chunked),
                         ["batched", "cpu_load_short"])
        self.assertEqual(self.client.get_list_series(), ["batched", "cpu_load_short"])
        self.assertTrue(self.client.delete_series("batched"))
        self.assertTrue(self.client.delete_points("cpu_load_short"))
        self.assertEqual(self.client.query("list series"), [{
            "name": "list_series_result", "columns": ["time", "name"], "points": []}][:0])

    def test_a_series_helper(self):
        class Load(SeriesHelper):
            class Meta:
                client = self.client
                series_name = "load.{host}"
                fields = ["time", "value", "host"]
                bulk_size = 2
                autocommit = True
        for i in range(4):
            Load(host="a", value=i, time=1400000000 + i)
        answer = self.client.query('select value from load.a')
        self.assertEqual([p[2] for p in answer[0]["points"]], [3, 2, 1, 0])

    def test_users(self):
        client = self.client
        self.assertTrue(client.add_cluster_admin("boss", "bosspw"))
        self.assertIn({"name": "boss"}, client.get_list_cluster_admins())
        self.assertTrue(client.update_cluster_admin_password("boss", "bosses"))
        self.assertEqual(self.connect("boss", "bosses").get_list_database(), [{"name": "db"}])
        self.assertTrue(client.delete_cluster_admin("boss"))
        self.assertTrue(client.add_database_user("paul", "paulpw", ("^a", "^b")))
        self.assertTrue(client.set_database_admin("paul"))
        self.assertEqual(client.get_database_users(), [
            {"name": "paul", "isAdmin": True, "writeTo": "^b", "readFrom": "^a"}])
        self.assertTrue(client.unset_database_admin("paul"))
        paul = self.connect("paul", "paulpw")
        self.assertTrue(paul.update_database_user_password("paul", "another"))
        self.assertTrue(paul.write_points([{"name": "b", "columns": ["v"], "points": [[1]]}]))
        with self.assertRaises(InfluxDBClientError) as refused:
            paul.write_points([{"name": "a", "columns": ["v"], "points": [[1]]}])
        self.assertEqual(refused.exception.code, 403)
        self.assertTrue(client.alter_database_user("paul", permissions=(".*", ".*")))
        self.assertTrue(paul.write_points([{"name": "a", "columns": ["v"], "points": [[1]]}]))
        self.assertTrue(client.delete_database_user("paul"))
        with self.assertRaises(InfluxDBClientError) as refused:
            paul.query("select * from a")
        self.assertEqual(refused.exception.code, 401)


if __name__ == "__main__":
    unittest.main()
