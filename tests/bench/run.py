"""./dev bench: what Varve does in a second, beside a real influxd in the same run.

Parts: `parse` (the codecs alone, Google Benchmark), `ingest` (line protocol over HTTP, durability
always on both sides), `query` (the same questions to both on the same data, one at a time and from
several clients), and, only when named,
`storage` (storage_figures.py, about ten minutes; arguments behind it are its own). Ratios matter:
the client runs on the same cores. A name runs one part or one bench_NAME program."""

import argparse
import concurrent.futures
import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "tests/support/py"))
import query_mix  # noqa: E402
from influxd import Influxd  # noqa: E402
from varved import Varved  # noqa: E402

START = 1451606400  # of bench_load's data


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_megabytes(pid):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0


def load(build, server, options):
    before = cpu_seconds(server.process.pid)
    done = subprocess.run([os.path.join(build, "bin/bench_load"), "--port", str(server.port),
                           "--hosts", str(options.hosts), "--seconds", str(options.seconds)],
                          capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    result["cpu"] = cpu_seconds(server.process.pid) - before
    return result


def bench_ingest(build, servers, options):
    results = {}
    for name, server in servers.items():
        server.query("create database bench", db="")
        results[name] = load(build, server, options)
        r = results[name]
        print(f"ingest {name:8} {r['values'] / r['seconds'] / 1e6:8.2f} M values/s wall   "
              f"{r['values'] / r['cpu'] / 1e6:8.2f} M values per server CPU-second   "
              f"peak {rss_megabytes(server.process.pid):.0f} MB")
    varve, influx = results["varve"], results["influxd"]
    print(f"ingest ratio    {influx['seconds'] / varve['seconds']:.1f} x wall, "
          f"{influx['cpu'] / varve['cpu']:.1f} x per server CPU-second\n")


class Asker:
    """A client's connection to a server, kept alive."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)

    def ask(self, text):
        """(milliseconds, body)"""
        start = time.perf_counter()
        self.connection.request("GET", "/query?" + urllib.parse.urlencode(
            {"db": "bench", "epoch": "ns", "q": text}))
        body = self.connection.getresponse().read()
        return (time.perf_counter() - start) * 1000, body


def comparable(name, body):
    """What both servers promise: rows of equal times have no order, and which of several equal
    values a percentile chooses is nobody's promise. 1.6 calls answers of more than 10,000 rows
    partial though they are whole (docs/conformance.md)."""
    results = json.loads(body)["results"]
    for result in results:
        for series in result.get("series", []):
            series.pop("partial", None)
            if name == "full-scan-p95":
                series["values"] = [row[1:] for row in series["values"]]
            series["values"].sort(key=json.dumps)
    return results


def bench_query(servers, options):
    mix = query_mix.Mix(random.Random(options.seed), options.hosts, START, options.seconds)
    askers = {name: Asker(server) for name, server in servers.items()}
    times, differing = {}, {}
    for _ in range(options.rounds):
        for name, text in mix.round().items():
            answers = {}
            for server_name, asker in askers.items():
                took, answers[server_name] = asker.ask(text)
                times.setdefault(name, {}).setdefault(server_name, []).append(took)
            if comparable(name, answers["varve"]) != comparable(name, answers["influxd"]):
                differing[name] = differing.get(name, 0) + 1
    ratios = []
    for name, by_server in times.items():
        varve, influxd = (statistics.median(by_server[one]) for one in ("varve", "influxd"))
        ratios.append(varve / influxd)
        note = f"{differing[name]} ANSWERS DIFFER" if name in differing else "same answers"
        print(f"query  {name:22} varve {varve:9.2f} ms   influxd {influxd:9.2f} ms   "
              f"{ratios[-1]:6.3f}   {note}")
    print(f"query  geometric mean of varve / influxd: {statistics.geometric_mean(ratios):.3f}\n")
    for server_name, server in servers.items():
        print(f"query  {server_name:8} {throughput(server, options):8.1f} questions/s of the mix, "
              f"{options.clients} clients")


def throughput(server, options):
    """Rounds of the mix from several clients at a time, until each has asked them all."""
    def client(number):
        mix = query_mix.Mix(random.Random(options.seed + number), options.hosts, START,
                            options.seconds)
        questions = [text for _ in range(options.client_rounds) for text in mix.round().values()]
        asker = Asker(server)
        for text in questions:
            asker.ask(text)
        return len(questions)

    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.clients) as pool:
        asked = sum(pool.map(client, range(options.clients)))
    return asked / (time.perf_counter() - begin)


def bench_programs(build, only):
    folder = os.path.join(build, "bin")
    for file in sorted(os.listdir(folder)):
        if not file.startswith("bench_") or file == "bench_load":
            continue
        if only and only not in (file, file.removeprefix("bench_")):
            continue
        print(f"-- {file}", flush=True)
        subprocess.run([os.path.join(folder, file)], check=True, stderr=subprocess.DEVNULL)
        print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("part", nargs="?",
                        help="parse, ingest, query, storage or the name of a bench program")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=259_200, help="of data")
    parser.add_argument("--rounds", type=int, default=10, help="of the questions")
    parser.add_argument("--seed", type=int, default=1, help="of the questions' parameters")
    parser.add_argument("--clients", type=int, default=8, help="at a time, for the throughput")
    parser.add_argument("--client-rounds", type=int, default=1, help="of each of them")
    arguments, figures_arguments = sys.argv[1:], []
    if "storage" in arguments:
        end = arguments.index("storage") + 1
        arguments, figures_arguments = arguments[:end], arguments[end:]
    options = parser.parse_args(arguments)
    if options.part == "storage":
        program = os.path.join(ROOT, "tests/bench/storage_figures.py")
        os.execv(sys.executable, [sys.executable, program, "--build", options.build,
                                  *figures_arguments])
    if options.part not in ("ingest", "query"):
        bench_programs(options.build, None if options.part in (None, "parse") else options.part)
    if options.part not in (None, "ingest", "query"):
        return
    folder = tempfile.mkdtemp(prefix="varve-bench-")
    try:
        with Varved(options.build, data_dir=os.path.join(folder, "varve")) as varve, \
                Influxd(os.path.join(folder, "influxd")) as influxd:
            servers = {"varve": varve, "influxd": influxd}
            bench_ingest(options.build, servers, options)
            if options.part != "ingest":
                bench_query(servers, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
