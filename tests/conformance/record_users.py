"""Records tests/golden/influxql/users from a real influxd with authentication on: asks every
"> query" as the user and for the database of the last "@ USER DATABASE" ("-" = none) and writes the
answer behind it as "= answer". Every user's password is pw. varve.test is not touched: it holds
what differs by intent.

    PYTHONPATH=tests/support/py python3 tests/conformance/record_users.py
"""

import base64
import glob
import os
import urllib.parse

from influxd import Influxd

FOLDER = os.path.join(os.path.dirname(__file__), "../golden/influxql/users")


def ask(server, user, database, text):
    parameters = {"q": text, "epoch": "s"}
    if database != "-":
        parameters["db"] = database
    headers = {}
    if user != "-":
        secret = base64.b64encode(f"{user}:pw".encode()).decode()
        headers["Authorization"] = "Basic " + secret
    target = "/query?" + urllib.parse.urlencode(parameters)
    return server.request("POST", target, headers=headers)[2].decode().strip()


def record(path):
    with open(path) as file:
        lines = [line for line in file.read().splitlines() if not line.startswith("= ")]
    out = []
    with Influxd(http_settings="auth-enabled = true") as server:
        user, database = "-", "-"
        for line in lines:
            out.append(line)
            if line.startswith("@ "):
                user, database = line[2:].split()
            if line.startswith("> "):
                out.append("= " + ask(server, user, database, line[2:]))
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    for found in sorted(glob.glob(os.path.join(FOLDER, "*.test"))):
        if os.path.basename(found) != "varve.test":
            record(found)
