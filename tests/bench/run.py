"""./dev bench: what Varve does in a second, beside a real influxd in the same run.

Parts: `parse` (the codecs alone, Google Benchmark), `ingest` (line protocol over HTTP, durability
always on both sides), `query` (the same questions to both on the same data), and, only when named,
`storage` (storage_figures.py, about ten minutes; arguments behind it are its own). Ratios matter:
the client runs on the same cores. A name runs one part or one bench_NAME program."""

import argparse
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "tests/support/py"))
from influxd import Influxd  # noqa: E402
from varved import Varved  # noqa: E402

QUERIES = {
    "single-groupby-1-1-1": "select max(usage_user) from cpu where hostname = 'host_3' and "
                            "time >= '2016-01-01T03:00:00Z' and time < '2016-01-01T04:00:00Z' "
                            "group by time(1m)",
    "single-groupby-5-8-1": "select max(usage_user), max(usage_system), max(usage_idle), "
                            "max(usage_nice), max(usage_iowait) from cpu where hostname =~ "
                            "/^host_[1-8]$/ and time >= '2016-01-01T03:00:00Z' and "
                            "time < '2016-01-01T04:00:00Z' group by time(1m)",
    "double-groupby-1": "select mean(usage_user) from cpu where time >= '2016-01-01T00:00:00Z' and "
                        "time < '2016-01-01T12:00:00Z' group by time(1h), hostname",
    "double-groupby-all": "select mean(*) from cpu where time >= '2016-01-01T00:00:00Z' and "
                          "time < '2016-01-01T12:00:00Z' group by time(1h), hostname",
    "full-scan-mean": "select mean(usage_user), mean(usage_system) from cpu",
    # By the hour: which of several equal values is selected is nobody's promise.
    "full-scan-percentile": "select percentile(usage_user, 95) from cpu where "
                            "time >= '2016-01-01T00:00:00Z' and time < '2016-01-02T00:00:00Z' "
                            "group by time(1h)",
    "high-cpu": "select * from cpu where usage_user > 95 and hostname = 'host_3'",
    "lastpoint": "select last(usage_user) from cpu group by hostname",
}


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


def ask(server, text):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    start = time.perf_counter()
    connection.request("GET", "/query?" + urllib.parse.urlencode({"db": "bench", "q": text}))
    body = connection.getresponse().read()
    took = time.perf_counter() - start
    connection.close()
    return took * 1000, body


def bench_query(servers, rounds):
    ratios = []
    for name, text in QUERIES.items():
        medians, answers = {}, {}
        for server_name, server in servers.items():
            times = []
            for _ in range(rounds):
                took, answers[server_name] = ask(server, text)
                times.append(took)
            medians[server_name] = statistics.median(times)
        ratios.append(medians["influxd"] / medians["varve"])
        same = json.loads(answers["varve"]) == json.loads(answers["influxd"])
        print(f"query  {name:22} varve {medians['varve']:9.2f} ms   influxd "
              f"{medians['influxd']:9.2f} ms   {ratios[-1]:6.1f} x   "
              f"{'same answer' if same else 'ANSWERS DIFFER'}")
    print(f"query  geometric mean         {statistics.geometric_mean(ratios):.1f} x\n")


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
    parser.add_argument("--seconds", type=int, default=86_400, help="of data")
    parser.add_argument("--rounds", type=int, default=5)
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
                bench_query(servers, options.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
