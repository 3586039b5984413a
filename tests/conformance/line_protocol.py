"""Line protocol, line by line, to varved and to a real influxd 1.6: same status, text and rows.

    python3 line_protocol.py --build build/release [--lines N] [--seed N]

Lines are fixed ones for every rule of the format and random ones made of its special characters.
Each goes into a measurement of its own, so that types cannot clash. Differences that are meant are
listed in MEANT."""

import argparse
import http.client
import json
import os
import random
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support/py"))
from influxd import Influxd  # noqa: E402
from varved import Varved  # noqa: E402

FIXED = r'''
M v=1
M v=1i
M v=-1i
M v=9223372036854775807i
M v=9223372036854775808i
M v=-9223372036854775808i
M v=1u
M v=1.
M v=.5
M v=-.5
M v=+1
M v=1e3
M v=1E-3
M v=1e
M v=1e400
M v=1.1.1
M v=NaN
M v=inf
M v=0x10
M v=t
M v=T
M v=true
M v=True
M v=TRUE
M v=tRUE
M v=f
M v=""
M v="a b,c=d"
M v="a\"b\\c\n"
M v="abc
M v="abc"x
M v=
M v
M
M =1
M v=1,
M ,v=1
M v=1,v=2
M v=1,w
M v=1 abc
M v=1 -5
M v=1 10 20
M v=1 9223372036854775806
M v=1 9223372036854775807
M v=1 -9223372036854775806
M v=1 -9223372036854775807
M v=1 99999999999999999999
M v=1 -
M,a=b v=1
M,a v=1
M,a= v=1
M,=b v=1
M,a=b=c v=1
M,a=1,a=2 v=1
M,b=1,a=2 v=1
M,c=1,a=2,b=3,a=4 v=1
M, v=1
M,a=b, v=1
M,a\ b=c\,d,e\=f=g v=1
M,a=b\ v=1
M,a=\b v=1
M\ x\,y=z v=1
M  v=1   5  
M v\ w=1,x\,y=2,z\=q=3
M "v"=1
M time=1
M time=1,v=2
M,time=1 v=1
# a comment
M v=1 #5
M v=1# 5
'''

# Lines that differ on purpose, with the reason.
MEANT = (
    (re.compile(r"^[^, ]+ time=1$"), "influxd lists a series of which every point was rejected"),
    (re.compile(r'^[^, ]*\\[="]'), "1.6 drops the backslash before = and \" in a measurement, 1.8 "
                                   "keeps it"),
    (re.compile(r" [ \0]*\t[\t \0]*="), "influxd takes a field without a name"),
)


def same_outcome(mine, other):
    """The same status and text; a field of two types in one point has other words for the same."""
    if "has two types in one point" in mine[1]:
        return other[0] == 400 and "field type conflict" in other[1]
    return mine == other


def random_line(rng, name):
    alphabet = list("ab10=, \\\".-ietfT\tä")
    weights = [4, 4, 4, 2, 4, 3, 3, 1, 1, 1, 1, 2, 1, 2, 1, 1, 0.2, 0.5]
    if rng.random() < 0.5:
        base = rng.choice([f"{name},t=a v=1i,w=2.5 10", f'{name} s="x y",b=t 5',
                           f"{name},a=1,b=2 f=-1.5"])
        text = list(base)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(name), len(text) + 1)
            if rng.random() < 0.5 and at < len(text):
                text[at] = rng.choices(alphabet, weights)[0]
            else:
                text.insert(at, rng.choices(alphabet, weights)[0])
        return "".join(text)
    return name + "".join(rng.choices(alphabet, weights, k=rng.randint(1, 25)))


class Side:
    """One server over one kept connection."""

    def __init__(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def write(self, line):
        self.connection.request("POST", "/write?db=db", line.encode())
        response = self.connection.getresponse()
        body = response.read().decode(errors="replace")
        return response.status, json.loads(body)["error"] if body else ""

    def rows(self, name):
        query = urllib.parse.urlencode({"db": "db", "epoch": "ns",
                                        "q": f"select * from /^{name}/;"
                                             f" show series from /^{name}/"})
        self.connection.request("GET", "/query?" + query)
        return json.loads(self.connection.getresponse().read())


def without_now(answer, started_ns):
    """Rows written without a timestamp get the server's clock: compared as "now"."""
    for result in answer["results"]:
        for series in result.get("series", []):
            for row in series["values"]:
                if isinstance(row[0], int) and row[0] > started_ns:
                    row[0] = "now"
    return answer


def compare(ours, theirs, name, line, started_ns):
    mine, other = ours.write(line), theirs.write(line)
    meant = any(pattern.search(line) for pattern, _ in MEANT)
    if not same_outcome(mine, other) and not meant:
        return f"line {line!r}\n  varve   {mine}\n  influxd {other}"
    if meant or (mine[0] != 204 and "partial" not in mine[1]):
        return None
    mine = without_now(ours.rows(name), started_ns)
    other = without_now(theirs.rows(name), started_ns)
    if mine != other:
        return f"line {line!r}, rows\n  varve   {mine}\n  influxd {other}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--lines", type=int, default=20_000, help="random lines")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    rng = random.Random(options.seed)
    lines = [(f"f{i}x", line.replace("M", f"f{i}x"))
             for i, line in enumerate(FIXED.strip("\n").split("\n"))]
    lines += [(f"r{i}x", random_line(rng, f"r{i}x")) for i in range(options.lines)]
    started_ns = time.time_ns() - 10**9
    differences = []
    with Varved(options.build) as varved, Influxd() as influxd:
        ours, theirs = Side(varved), Side(influxd)
        for server in (varved, influxd):
            server.query("create database db", db="")
        for done, (name, line) in enumerate(lines):
            if done and done % 2000 == 0:
                print(f"{done} lines of {len(lines)}", flush=True)
            difference = compare(ours, theirs, name, line, started_ns)
            if difference:
                differences.append(difference)
                print(difference, flush=True)
            if len(differences) >= 20:
                break
    print(f"{len(lines)} lines, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
