"""./dev conformance: the long differential runs against a real influxd, one after the other."""

import argparse
import os
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--lines", default="50000", help="random lines of line protocol")
    options = parser.parse_args()
    return subprocess.run([sys.executable, os.path.join(FOLDER, "line_protocol.py"), "--build",
                           options.build, "--lines", options.lines], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
