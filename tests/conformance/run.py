"""./dev conformance: the long differential runs against a real influxd, one after the other."""

import argparse
import os
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def run(program, *arguments):
    return subprocess.run([sys.executable, os.path.join(FOLDER, program), *arguments],
                          check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--lines", default="12000", help="random lines of line protocol")
    parser.add_argument("--queries", default="20000", help="random queries of InfluxQL")
    parser.add_argument("--malformed", default="5000", help="damaged queries")
    parser.add_argument("--seed", default="1", help="of the queries and their data")
    options = parser.parse_args()
    build = ["--build", options.build]
    seed = ["--seed", options.seed]
    return (run("line_protocol.py", *build, "--lines", options.lines) |
            run("influxql_malformed.py", *build, *seed, "--queries", options.malformed) |
            run("influxql_random.py", *build, *seed, "--queries", options.queries))


if __name__ == "__main__":
    sys.exit(main())
