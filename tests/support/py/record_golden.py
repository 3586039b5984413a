"""Fills a golden file of queries with the answers of a real influxd.

Reads a file of "+ line protocol" (times in seconds), "> query" and "# comment" lines and prints it
again with a "= answer" behind every query; answers that are already there are replaced.
"""

import argparse
import urllib.parse

from influxd import Influxd

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def record(path):
    lines = []
    data = []
    with Influxd() as influxd, open(path) as file:
        influxd.request("POST", "/query", urllib.parse.urlencode({"q": "create database d"}),
                        FORM)
        for line in file.read().splitlines():
            if line.startswith("= "):
                continue
            lines.append(line)
            if line.startswith("+ "):
                data.append(line[2:])
            if not line.startswith("> "):
                continue
            if data:
                influxd.request("POST", "/write?db=d&precision=s", "\n".join(data).encode())
                data = []
            form = urllib.parse.urlencode({"db": "d", "epoch": "s", "q": line[2:]})
            body = influxd.request("POST", "/query", form, FORM)[-1]
            lines.append("= " + body.decode(errors="replace").strip())
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--write", action="store_true", help="change the file itself")
    options = parser.parse_args()
    text = record(options.file)
    if options.write:
        with open(options.file, "w") as file:
            file.write(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
