"""Subscriptions: what a real HTTP server and a real UDP socket get, beside a real influxd."""

import http.server
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from influxd import Influxd
from varved import Varved, eventually, free_port

BUILD = os.environ["TEST_BUILD"]
WRITES = ['m,b=1,a=x\\ y v=1.5,n=3i,s="a\\"b\\\\c",t=true 1000\nm z=1,a=2 2000\nm,c=q v=7 3000',
          "\n".join(f"m,h=h{i} value={i} {i}000000000" for i in range(40)),
          "big " + ",".join(f'f{i}="{"x" * 50}"' for i in range(20)) + " 5",
          'lines s="a\nb",t="c,d e" 6\nm v=-0.25 7\nm v=123456789012345 8']


class Receiver:
    """An HTTP server that keeps what it is sent; `status` is its answer."""

    def __init__(self, context=None):
        self.requests = []
        self.status = 204
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.path, self.headers.get("Authorization"), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_port

    def bodies(self):
        return [body for _, _, body in self.requests]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def datagrams(receiver, count):
    receiver.settimeout(20)
    return sorted(receiver.recv(65536) for _ in range(count))


def udp_socket():
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    receiver.bind(("127.0.0.1", 0))
    return receiver


class Subscriptions(unittest.TestCase):
    def test_same_bytes_as_influxd(self):
        got = []
        with Varved(BUILD) as varve, Influxd() as influxd:
            for server in (varve, influxd):
                with Receiver() as receiver, udp_socket() as udp:
                    server.query('create database "d b"')
                    answer = server.query(
                        'create subscription s on "d b".autogen destinations all '
                        f"'http://us:pw@127.0.0.1:{receiver.port}/pre/', "
                        f"'udp://127.0.0.1:{udp.getsockname()[1]}'")
                    self.assertEqual(answer, {"results": [{"statement_id": 0}]})
                    time.sleep(1)  # influxd's writers are made a moment later
                    for lines in WRITES:
                        self.assertEqual(server.write(lines, "d b")[0], 204)
                        time.sleep(0.1)  # one after the other, as influxd may mix them up
                    eventually(lambda: len(receiver.requests) == len(WRITES))
                    # Their order is not the point: influxd has several writers.
                    got.append((sorted(receiver.requests), datagrams(udp, 3 + 40 + 1 + 3)))
        self.assertEqual(got[0][0], got[1][0])
        self.assertEqual(got[0][1], got[1][1])

    def test_only_its_policy_and_only_what_was_accepted(self):
        with Varved(BUILD) as server, Receiver() as receiver:
            server.query("create database db; create database other; "
                         "create retention policy r on db duration 1h replication 1")
            server.query("create subscription s on db.r destinations all "
                         f"'http://127.0.0.1:{receiver.port}'")
            now = time.time_ns()
            server.write(f"m v=1 {now}")
            server.write(f"m v=2 {now}", "other")
            self.assertEqual(server.write(f"m v=3 {now}\nm v=4 5", rp="r")[0], 400)
            server.query("select v into db.r.copy from db.autogen.m")
            eventually(lambda: len(receiver.requests) == 2)
            self.assertEqual(receiver.bodies(), [f"m v=3 {now}\n".encode(),
                                                 f"copy v=1 {now}\n".encode()])
            self.assertEqual(receiver.requests[0][0],
                             "/write?consistency=&db=db&precision=ns&rp=r")

    def test_any_takes_turns_and_passes_on_what_fails(self):
        with Varved(BUILD) as server, Receiver() as first, Receiver() as second:
            server.query("create database db")
            server.query("create subscription s on db.autogen destinations any "
                         f"'http://127.0.0.1:{first.port}', 'http://127.0.0.1:{second.port}'")
            for k in range(4):
                server.write(f"m v=1 {k}")
            eventually(lambda: len(first.requests) == 2 and len(second.requests) == 2)
            first.status = 500
            for k in range(4, 8):
                server.write(f"m v=1 {k}")
            eventually(lambda: len(second.requests) == 6)
            eventually(lambda: server.metric("varve_subscriber_points_written_total") == 8)
            self.assertEqual(server.metric("varve_subscriber_write_failures_total"), 2)

    def test_survives_a_restart_and_ends_with_drop(self):
        with Varved(BUILD) as server, Receiver() as receiver:
            server.query("create database db")
            server.query("create subscription s on db.autogen destinations all "
                         f"'http://127.0.0.1:{receiver.port}'")
            before = server.query("show subscriptions")
            server.restart()
            self.assertEqual(server.query("show subscriptions"), before)
            server.write("m v=1 1")
            eventually(lambda: receiver.bodies() == [b"m v=1 1\n"])
            server.query("drop subscription s on db.autogen")
            server.write("m v=1 2")
            time.sleep(0.5)
            self.assertEqual(len(receiver.requests), 1)

    def test_a_dead_destination_holds_nobody_up(self):
        with Varved(BUILD, settings=("subscriber.write_buffer_size=2",
                                     "subscriber.http_timeout=1s")) as server, \
                Receiver() as receiver, socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(1)
            server.query("create database db")
            server.query("create subscription s on db.autogen destinations all "
                         f"'http://127.0.0.1:{silent.getsockname()[1]}', "
                         f"'http://127.0.0.1:{free_port()}', 'http://127.0.0.1:{receiver.port}'")
            for k in range(10):
                self.assertEqual(server.write(f"m v=1 {k}")[0], 204)
                time.sleep(0.02)
            eventually(lambda: len(receiver.requests) == 10)
            eventually(lambda: server.metric("varve_subscriber_dropped_total") >= 7)
            eventually(lambda: server.metric("varve_subscriber_write_failures_total") >= 11)

    def test_https(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                            "2", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
                            certificate], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            for setting, is_trusted in (("subscriber.insecure_skip_verify=true", True),
                                        (f"subscriber.ca_certs={certificate}", True),
                                        ("subscriber.http_timeout=5s", False)):
                with self.subTest(setting=setting), Receiver(context) as receiver, \
                        Varved(BUILD, settings=(setting,)) as server:
                    server.query("create database db")
                    server.query("create subscription s on db.autogen destinations all "
                                 f"'https://localhost:{receiver.port}'")
                    server.write("m v=1 1")
                    if is_trusted:
                        eventually(lambda: receiver.bodies() == [b"m v=1 1\n"])
                    else:
                        eventually(
                            lambda: server.metric("varve_subscriber_write_failures_total") == 1)
                        self.assertEqual(receiver.requests, [])


if __name__ == "__main__":
    unittest.main()
