"""UDP and Graphite over real sockets, and Debian's collectd for real."""

import os
import socket
import subprocess
import tempfile
import time
import unittest

from varved import Varved, eventually, free_port

BUILD = os.environ["TEST_BUILD"]

COLLECTD = """
Hostname "testhost"
FQDNLookup false
Interval 1
BaseDir "{folder}"
PIDFile "{folder}/collectd.pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin cpu
LoadPlugin memory
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "varve">
    Host "127.0.0.1"
    Port "{port}"
    Protocol "tcp"
    SeparateInstances false
    StoreRates true
    AlwaysAppendDS false
    EscapeCharacter "_"
  </Node>
</Plugin>
"""


def rows(server, text, db):
    """Rows, or none while the database does not exist yet."""
    try:
        return server.rows(text, db=db)
    except AssertionError:
        return []


class Inputs(unittest.TestCase):
    def test_udp(self):
        with Varved(BUILD) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            address = ("127.0.0.1", server.input_port("udp.0", "udp"))
            sender.sendto(b"cpu,host=a value=1 1\ncpu,host=a value=2 2", address)
            sender.sendto(b"cpu value=3 3\nthis is bad\n", address)
            stored = eventually(lambda: rows(server, "select value from cpu", "udp"))
            self.assertEqual(stored, [[1, 1], [2, 2]])
            eventually(lambda: server.metric("varve_write_rejected_total", reason="parse") >= 1)
            _, _, rejects = server.request("GET", "/varve/v1/rejects")
            self.assertIn(b"this is bad", rejects)

    def test_udp_instances_with_databases_and_precisions_of_their_own(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "varve.toml")
            with open(path, "w") as file:
                for database, precision in (("fine", "n"), ("coarse", "s")):
                    file.write(f'[[inputs.udp]]\ndatabase = "{database}"\n'
                               f'precision = "{precision}"\n'
                               'bind_address = "127.0.0.1:0"\nbatch_timeout = "50ms"\n')
            with Varved(BUILD, program_arguments=["--config", path]) as server:
                for name in ("udp.0", "udp.1"):
                    subprocess.run(["nc", "-u", "-w1", "127.0.0.1",
                                    str(server.input_port(name, "udp"))],
                                   input=b"m v=1i 7", check=True)
                self.assertEqual(eventually(lambda: rows(server, "select v from m", "fine")),
                                 [[7, 1]])
                self.assertEqual(eventually(lambda: rows(server, "select v from m", "coarse")),
                                 [[7_000_000_000, 1]])

    def test_graphite_by_nc(self):
        with Varved(BUILD) as server:
            for protocol, flags in (("tcp", ["-N"]), ("udp", ["-u", "-w1"])):
                port = server.input_port("graphite.0", protocol)
                subprocess.run(["nc", *flags, "127.0.0.1", str(port)],
                               input=f"servers.a.{protocol} 1.5 1000000000\n".encode(), check=True)
            for protocol in ("tcp", "udp"):
                stored = eventually(lambda: rows(
                    server, f'select value from "servers.a.{protocol}"', "graphite"))
                self.assertEqual(stored, [[1_000_000_000_000_000_000, 1.5]])

    def test_graphite_templates_and_tags(self):
        settings = ['inputs.graphite.templates=["servers.* .host.measurement*", "measurement*"]',
                    'inputs.graphite.tags=["dc=eu"]', "inputs.graphite.batch_timeout=50ms",
                    "inputs.graphite.database=carbon"]
        with Varved(BUILD, settings=settings) as server:
            port = server.input_port("graphite.0", "tcp")
            with socket.create_connection(("127.0.0.1", port)) as sender:
                sender.sendall(b"servers.web1.cpu.load 3 1000000000\nbad line here and more\n"
                               b"disk.used;host=b 4 1000000000\n")
                eventually(lambda: rows(server, "select value from \"cpu.load\"", "carbon"))
            self.assertEqual(sorted(server.rows("show series", db="carbon")),
                             [["cpu.load,dc=eu,host=web1"], ["disk.used,dc=eu,host=b"]])

    def test_a_taken_port_stops_the_start_with_a_clear_error(self):
        port = free_port()
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            done = subprocess.run(
                [os.path.join(BUILD, "bin/varved"), "--data-dir", tempfile.mkdtemp(), "--http",
                 "127.0.0.1:0", "--set", f"inputs.graphite.bind_address=127.0.0.1:{port}",
                 "--set", "inputs.udp.enabled=false"], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"127.0.0.1:{port}", done.stderr)

    def test_collectd(self):
        seconds = int(os.environ.get("COLLECTD_SECONDS", "8"))
        settings = ['inputs.graphite.templates=["host.measurement.field*"]',
                    "inputs.graphite.batch_timeout=100ms"]
        with Varved(BUILD, settings=settings) as server, tempfile.TemporaryDirectory() as folder:
            config = os.path.join(folder, "collectd.conf")
            with open(config, "w") as file:
                file.write(COLLECTD.format(folder=folder,
                                           port=server.input_port("graphite.0", "tcp")))
            collectd = subprocess.Popen(["/usr/sbin/collectd", "-f", "-C", config],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                time.sleep(seconds)
                eventually(lambda: rows(server, "show measurements", "graphite"), timeout_s=30)
            finally:
                collectd.terminate()
                collectd.wait(20)
            answer = eventually(lambda: server.query(
                'select percentile("cpu-user", 95) from /^cpu-/ group by host',
                db="graphite")["results"][0].get("series"), timeout_s=30)
            self.assertEqual(answer[0]["name"], "cpu-0")
            self.assertEqual(answer[0]["tags"], {"host": "testhost"})
            self.assertGreaterEqual(answer[0]["values"][0][1], 0)


if __name__ == "__main__":
    unittest.main()
