"""./dev bench storage [--only NAME]: what the storage engine costs, beside influxd in the same run.

A black box: real servers, loaded and asked over HTTP, client included. Each section can be run
alone with --only:

  ingest   values per second while loading, durability always on both sides
  sum      a sum over a whole shard from statistics and by decoding
  latency  of small paced writes: idle, and while compaction and full scans run
  size     bytes per value on disk after settling, five laws of data
  series   registering new series: rate, memory per series
  open     cold start with many series; restart after kill -9 with a long log
  node     ingest of one value per line, as exporters show them
  churn    series that live for two rows: rate, bytes per row, index bytes per series

--scale 0.01 shrinks the data for a quick look; the figures mean something at 1 only. The last line
of the output is the table as JSON."""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "tests/support/py"))
from influxd import Influxd  # noqa: E402
from varved import Varved  # noqa: E402

TIMEOUT_S = 900

# What cannot be compressed away: a float of 4,000 values and an integer of 8·10⁹ (churn's law).
CHURN_ENTROPY_BYTES = 5.6

# influxd takes minutes for what Varve does in seconds; where it would, it gets this share. Its
# figures per row and per series are better on less.
PEER_SHARE = 0.25

# Just below the gigabyte at which the engine flushes to shorten its log.
LOG_WANTED_BYTES = 900 << 20

# name → (must, aim); "x" marks a ratio to influxd, the others are absolute. Smaller is better where
# the text starts with "<".
TARGETS = {
    "ingest int, wall": (">8x", ">15x"),
    "ingest int, per server CPU-second": (">12x", ">25x"),
    "ingest node, per server CPU-second": (">10x", ">20x"),
    "size int": ("<0.31", "<0.29"),
    "size float sigma 0.5": ("<1.00", "<0.98"),
    "size float sigma 1": ("<1.13", "<1.10"),
    "size int, jitter 100 ms": ("<0.45", "<0.40"),
    "size node": ("<0.88", "<0.75"),
    "series, 1 field, rate": (">300000", ">800000"),
    "series, 10 fields, rate": (">300000", ">800000"),
    "series, 1 field, memory": ("<150", "<150"),
    "series, 10 fields, memory": ("<150", "<150"),
    "open cold": ("<50", "<50"),
    "restart after kill -9": ("<4", "<4"),
    "churn, rate": (">600000", ">600000"),
    "churn, bytes per row beyond entropy": ("<12", "<12"),
    "churn, index bytes per series": ("<45", "<45"),
}


# ---- processes and files ----

def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid, key):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(key)


def files_below(folder):
    for directory, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(directory, name)


def size_of(folder, among=None, without=None):
    """What the files occupy that have a folder of `among` and none called `without` in their
    path. Blocks, not lengths: influxd's series file is long and full of holes."""
    total = 0
    os.sync()
    for path in files_below(folder):
        parts = os.path.relpath(path, folder).split(os.sep)[:-1]
        if among is not None and not set(among) & set(parts) or without in parts:
            continue
        with contextlib.suppress(FileNotFoundError):
            total += os.stat(path).st_blocks * 512
    return total


def evict(folder):
    """Drops the folder's files from the page cache."""
    os.sync()
    for path in files_below(folder):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def ask(server, text, db="bench", method="GET"):
    """Seconds and answer of a query; an error raises."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    start = time.perf_counter()
    connection.request(method, "/query?" + urllib.parse.urlencode({"db": db, "q": text}))
    body = connection.getresponse().read()
    took = time.perf_counter() - start
    connection.close()
    answer = json.loads(body)
    if "error" in answer or any("error" in result for result in answer["results"]):
        raise RuntimeError(f"{text}: {answer}")
    return took, answer


# ---- the two servers in one form ----

class VarveSide(Varved):
    name = "varve"
    pause_s = 2  # for memory to be given back

    def __init__(self, build, folder):
        super().__init__(build, data_dir=os.path.join(folder, "varve"), settings=(
            "write.max_series_per_database=0", "write.max_values_per_tag=0"))

    def begin(self):
        self.start()
        ask(self, "create database bench", db="", method="POST")
        return self

    def end(self):
        self.__exit__()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def compact(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        connection.request("POST", "/varve/v1/storage/compact?wait=true")
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"compact: {body}")

    def settle(self):
        self.compact()
        time.sleep(self.pause_s)

    def stored_bytes(self):
        """Segments and index; not the log."""
        return size_of(self.data_dir, ("data", "index"))

    def segment_bytes(self):
        return size_of(self.data_dir, ("data",), without="index")

    def index_bytes(self):
        return size_of(self.data_dir, ("index",))

    def log_bytes(self):
        return size_of(self.data_dir, ("wal",))


class InfluxSide(Influxd):
    name = "influxd"
    # As soon as nothing comes any more: what it does after hours otherwise.
    COLD = 'cache-snapshot-write-cold-duration = "2s"\ncompact-full-write-cold-duration = "2s"'

    quiet_s = 8  # longer than it waits before it compacts

    def __init__(self, _, folder):
        super().__init__(os.path.join(folder, "influxd"), data_settings=self.COLD)

    def begin(self):
        self.__enter__()
        ask(self, "create database bench", db="", method="POST")
        return self

    def end(self):
        self.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def settle(self):
        """Until the data and the processor have been quiet for a while."""
        deadline = time.monotonic() + TIMEOUT_S
        since = time.monotonic()
        last = None
        while time.monotonic() - since < self.quiet_s and time.monotonic() < deadline:
            state = (self.stored_bytes(), round(cpu_seconds(self.process.pid)))
            if state != last:
                last, since = state, time.monotonic()
            time.sleep(0.5)

    def stored_bytes(self):
        return size_of(os.path.join(self.folder, "data"))


def load(build, server, **options):
    """Runs bench_load; its figures and the server's CPU seconds as "cpu"."""
    arguments = [os.path.join(build, "bin/bench_load"), "--port", str(server.port)]
    for name, value in options.items():
        arguments.append("--" + name.replace("_", "-"))
        if value is not True:
            arguments.append(str(value))
    before = cpu_seconds(server.process.pid)
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{server.name}: {' '.join(arguments)} failed: {done.stdout}")
    result = json.loads(done.stdout)
    # A run of a few milliseconds has used no tick of the clock.
    result["cpu"] = max(cpu_seconds(server.process.pid) - before, 0.01)
    return result


# ---- the table ----

def judged(target, value, ratio):
    if target is None:
        return ""
    bound = float(target.strip("<>x"))
    got = ratio if target.endswith("x") else value
    if got is None:
        return target
    met = got < bound if target.startswith("<") else got > bound
    return target + ("" if met else " missed")


class Table:
    """Rows of figures. The ratio says how many times better Varve is."""

    def __init__(self):
        self.rows = []

    def add(self, name, varve, influxd=None, unit="", better="more"):
        ratio = None
        if influxd and varve:
            ratio = varve / influxd if better == "more" else influxd / varve
        must, aim = TARGETS.get(name, (None, None))
        self.rows.append({"name": name, "unit": unit, "varve": varve, "influxd": influxd,
                          "ratio": ratio, "must": judged(must, varve, ratio),
                          "aim": judged(aim, varve, ratio)})
        row = self.rows[-1]
        print("  " + " | ".join(self.cells(row)), file=sys.stderr, flush=True)

    @staticmethod
    def cells(row):
        def number(value):
            if value is None:
                return "–"
            return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        ratio = "–" if row["ratio"] is None else f"{row['ratio']:.2f} x"
        name = row["name"] + (f" [{row['unit']}]" if row["unit"] else "")
        return [name, number(row["varve"]), number(row["influxd"]), ratio, row["must"], row["aim"]]

    def show(self):
        lines = [["name", "varve", "influxd", "ratio", "must", "aim"]]
        lines += [self.cells(row) for row in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(6)]
        for line in lines:
            print(" | ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        print(json.dumps({"figures": self.rows}))


# ---- the sections ----

class Figures:
    def __init__(self, build, folder, scale):
        self.build = build
        self.folder = folder
        self.scale = scale
        self.table = Table()
        self.both = {}  # the servers that hold the int law, while they run
        self.int_loads = {}
        self.node_loads = {}

    def scaled(self, count, least):
        return max(int(count * self.scale), least)

    def begin(self, side):
        return side(self.build, tempfile.mkdtemp(dir=self.folder)).begin()

    def law_options(self, law):
        """25.9 M values each (node: 25 M); scaled by the time that they span."""
        cpu = {"hosts": 100, "seconds": self.scaled(259_200, 600)}
        return {"int": cpu,
                "float sigma 0.5": {**cpu, "float": True, "sigma": 0.5},
                "float sigma 1": {**cpu, "float": True},
                "int, jitter 100 ms": {**cpu, "jitter_ms": 100},
                "node": {"kind": "node", "hosts": 50, "seconds": self.scaled(75_000, 60)}}[law]

    def int_pair(self):
        if not self.both:
            for side in (VarveSide, InfluxSide):
                server = self.begin(side)
                self.both[side.name] = server
                self.int_loads[side.name] = load(self.build, server, **self.law_options("int"))
        return self.both

    def end_pair(self):
        for server in self.both.values():
            server.end()
        self.both = {}

    def add_ingest(self, law, loads):
        for what, key in (("wall", "seconds"), ("per server CPU-second", "cpu")):
            rates = [loads[name]["values"] / loads[name][key] for name in ("varve", "influxd")]
            self.table.add(f"ingest {law}, {what}", *rates, unit="values/s")

    def ingest(self):
        self.int_pair()
        self.add_ingest("int", self.int_loads)

    def size_of_law(self, law, servers, loads):
        sizes = {}
        for name, server in servers.items():
            server.settle()
            sizes[name] = server.stored_bytes() / loads[name]["values"]
        self.table.add(f"size {law}", sizes["varve"], sizes["influxd"], "B/value", "less")

    def law(self, law):
        servers, loads = {}, {}
        try:
            for side in (VarveSide, InfluxSide):
                servers[side.name] = self.begin(side)
                loads[side.name] = load(self.build, servers[side.name], **self.law_options(law))
            self.size_of_law(law, servers, loads)
        finally:
            for server in servers.values():
                server.end()
        return loads

    def size(self):
        for law in ("float sigma 0.5", "float sigma 1", "int, jitter 100 ms", "node"):
            loads = self.law(law)
            if law == "node":
                self.node_loads = loads

    def size_int(self):
        self.size_of_law("int", self.int_pair(), self.int_loads)

    def node(self):
        self.add_ingest("node", self.node_loads or self.law("node"))

    def sum(self):
        queries = {"sum of a shard": "select sum(usage_user) from cpu",
                   "sum of a shard, decoded": "select sum(usage_user) from cpu "
                                              "where usage_user > -1000"}
        medians = {}
        for title, text in queries.items():
            answers = {}
            for name, server in self.int_pair().items():
                runs = [ask(server, text) for _ in range(5)]
                medians[title, name] = statistics.median(took for took, _ in runs) * 1000
                answers[name] = runs[0][1]
            if answers["varve"] != answers["influxd"]:
                raise RuntimeError(f"{text}: the answers differ: {answers}")
            self.table.add(title, medians[title, "varve"], medians[title, "influxd"], "ms", "less")
        gain = [medians["sum of a shard, decoded", name] / medians["sum of a shard", name]
                for name in ("varve", "influxd")]
        self.table.add("sum of a shard: decode / statistics", *gain, unit="times")

    def paced(self, server, seconds, start_s):
        """100 batches of 100 rows a second, behind the loaded rows."""
        return load(self.build, server, hosts=100, seconds=seconds * 1000, start=start_s,
                    rows_per_batch=100, rate=100, workers=4)

    def busy(self, server, work, done):
        failures = []

        def loop():
            while not done.is_set():
                try:
                    work()
                except (OSError, RuntimeError) as error:
                    failures.append(f"{server.name}: {error}")
                    return
        thread = threading.Thread(target=loop)
        thread.start()
        return thread, failures

    def latency(self):
        seconds = self.scaled(8, 1)
        shown = {}
        for name, server in self.int_pair().items():
            server.settle()
            start_s = 1_451_606_400 + self.law_options("int")["seconds"]
            shown["idle", name] = self.paced(server, seconds, start_s)
            done = threading.Event()
            scan = "select stddev(usage_user), stddev(usage_system) from cpu"
            works = [self.busy(server, lambda s=server: ask(s, scan), done)]
            if name == "varve":
                works.append(self.busy(server, server.compact, done))
            shown["busy", name] = self.paced(server, seconds, start_s + seconds * 1000)
            done.set()
            for thread, failures in works:
                thread.join()
                if failures:
                    raise RuntimeError(failures[0])
        for state in ("idle", "busy"):
            for key in ("p50_ms", "p99_ms"):
                self.table.add(f"write latency {state}, {key[:3]}", shown[state, "varve"][key],
                               shown[state, "influxd"][key], "ms", "less")

    def register(self, side, hosts, fields):
        server = self.begin(side)
        try:
            server.settle()
            idle = memory_bytes(server.process.pid, "RssAnon")
            figures = load(self.build, server, hosts=hosts, seconds=10, fields=fields)
            peak = memory_bytes(server.process.pid, "VmHWM")
            server.settle()
            settled = memory_bytes(server.process.pid, "RssAnon") - idle
            return {"rate": hosts / figures["seconds"], "memory": settled / hosts,
                    "peak": max(peak, memory_bytes(server.process.pid, "VmHWM")) / 2**20}
        finally:
            server.end()

    def series(self):
        for fields in (1, 10):
            hosts = self.scaled(1_000_000, 1000)
            share = PEER_SHARE if fields == 10 else 1
            varve = self.register(VarveSide, hosts, fields)
            peer = self.register(InfluxSide, max(int(hosts * share), 1000), fields)
            title = f"series, {fields} field" + ("s" if fields > 1 else "")
            self.table.add(f"{title}, rate", varve["rate"], peer["rate"], "series/s")
            self.table.add(f"{title}, memory", varve["memory"], peer["memory"], "B/series", "less")
            note = "" if share == 1 else f", influxd: {share:g} of the series"
            self.table.add(f"{title}, peak", varve["peak"], peer["peak"], "MiB" + note, "less")

    def start_to_answer(self, server, rounds):
        """Median ms from exec to the first answer, the data not in memory."""
        times = []
        for _ in range(rounds):
            server.stop()
            evict(server.data_dir)
            start = time.perf_counter()
            server.start()
            _, answer = ask(server, "select count(usage_user) from cpu where hostname = 'host_7'")
            times.append((time.perf_counter() - start) * 1000)
            if answer["results"][0]["series"][0]["values"][0][1] != 1:
                raise RuntimeError(f"not one row after the restart: {answer}")
        return statistics.median(times)

    def open(self):
        rounds = 5 if self.scale >= 1 else 1
        times = {}
        for hosts in (self.scaled(1_000_000, 1000), 10):
            server = self.begin(VarveSide)
            try:
                load(self.build, server, hosts=hosts, seconds=10, fields=1)
                server.settle()
                times[hosts] = self.start_to_answer(server, rounds)
            finally:
                server.end()
        many, few = times.values()
        self.table.add("open cold", many - few, unit="ms above an almost empty directory's")
        self.restart()

    def restart(self):
        """30 days in shards of a day, until the log is long; then kill -9."""
        server = self.begin(VarveSide)
        try:
            ask(server, "create retention policy days on bench duration inf replication 1 "
                        "shard duration 1d default", method="POST")
            wanted = int(LOG_WANTED_BYTES * min(self.scale, 1))
            longest = 0
            for turn in range(40):
                load(self.build, server, noise=True, start=1_451_606_400 + turn, seed=turn,
                     hosts=self.scaled(200, 2), seconds=30 * 86_400, step=600)
                length = server.log_bytes()
                if length >= wanted or length < longest:
                    break
                longest = length
            server.kill()
            length = server.log_bytes()
            start = time.perf_counter()
            server.start(timeout_s=TIMEOUT_S)
            took = time.perf_counter() - start
        finally:
            server.end()
        self.table.add("restart after kill -9", took, unit=f"s with {length >> 20} MiB of log")

    def churn(self):
        hosts = self.scaled(1_000_000, 1000)
        server = self.begin(VarveSide)
        try:
            loaded = load(self.build, server, kind="churn", hosts=hosts)
            server.settle()
            rows = loaded["rows"]
            rate = rows / loaded["seconds"]
            per_row = server.segment_bytes() / rows
            index = server.index_bytes() / hosts
        finally:
            server.end()
        peer = self.begin(InfluxSide)
        try:
            loaded = load(self.build, peer, kind="churn",
                          hosts=max(int(hosts * PEER_SHARE), 1000))
            peer.settle()
            peer_rate = loaded["rows"] / loaded["seconds"]
            peer_row = peer.stored_bytes() / loaded["rows"]
        finally:
            peer.end()
        self.table.add("churn, rate", rate, peer_rate, "rows/s")
        self.table.add("churn, bytes per row beyond entropy", per_row - CHURN_ENTROPY_BYTES,
                       peer_row - CHURN_ENTROPY_BYTES, "B/row of segments", "less")
        self.table.add("churn, index bytes per series", index, unit="B/series")

    # What the int law's servers serve stands first: they are loaded once.
    SECTIONS = {"ingest": ("ingest",), "size": ("size_int", "size"), "sum": ("sum",),
                "latency": ("latency",), "series": ("series",), "open": ("open",),
                "node": ("node",), "churn": ("churn",)}
    ORDER = ("ingest", "size_int", "sum", "latency", "end_pair", "size", "node", "series", "open",
             "churn", "end_pair")

    def run(self, only):
        wanted = {part for name, parts in self.SECTIONS.items() if name in only for part in parts}
        for part in self.ORDER:
            if part in wanted or part == "end_pair":
                start = time.monotonic()
                getattr(self, part)()
                if part != "end_pair":
                    print(f"{part}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", action="append", choices=sorted(Figures.SECTIONS),
                        help="a section; may be given again")
    parser.add_argument("--scale", type=float, default=1, help="of the data (1)")
    parser.add_argument("--json", help="writes the figures to this file too")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="varve-figures-")
    figures = Figures(os.path.abspath(options.build), folder, options.scale)
    if options.scale < 0.1:
        InfluxSide.quiet_s = 1
        VarveSide.pause_s = 0
    try:
        figures.run(options.only or list(Figures.SECTIONS))
    finally:
        figures.end_pair()
        shutil.rmtree(folder, ignore_errors=True)
    figures.table.show()
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"scale": options.scale, "figures": figures.table.rows}, file, indent=1)


if __name__ == "__main__":
    main()
