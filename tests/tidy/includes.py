"""Includes point one way: the SDK includes nothing of ours, a plugin the SDK and what is common to
plugins, a room of the core the SDK, itself and rooms of lower rank."""

import os
import re

import tree

# The rooms of the core; the longest prefix wins. Equal rank: neither includes the other.
CORE_RANKS = {
    "base": 0,
    "model": 10,
    "kernel/http": 18,  # a library of its own, below the kernel that mounts it
    "kernel": 20,
    "catalog": 20,
    "auth": 30,
    "monitor": 35,
    "write": 40,
    "query/plan": 50,
    "query/encode": 51,
    "query/exec": 52,
    "query/languages": 54,
    "query": 55,
    "script": 60,
    "backup": 60,
    "admin": 70,
    "": 80,  # the files that wire the rooms together
    "cli": 80,
}

# The rooms of the storage engine strata, as above.
STRATA = "storage/strata/"
STRATA_RANKS = {
    "files": 0,
    "memtable": 1,
    "codec": 1,
    "manifest": 1,
    "wal": 1,
    "index": 1,
    "segment": 2,
    "scan": 3,
    "compact": 4,
    "engine": 5,
    "": 6,
}

# (file or folder, included path or folder): why it is so.
EXCEPTIONS = {
    ("catalog/", "kernel/log.hpp"): "the log is needed below the kernel's plugin machinery",
    ("query/encode/", "query/exec/rows/row_sink.hpp"): "what an encoder implements",
    ("query/languages/", "query/engine.hpp"): "a session is handed the engine it runs on",
    ("query/languages/", "query/running_queries.hpp"): "SHOW QUERIES and KILL QUERY show and stop",
    ("query/languages/", "query/function_table.hpp"): "names of functions are checked early",
    ("query/exec/", "query/function_table.hpp"): "how operators find a function",
}

# The SDK's own C and C++ headers need no library but these.
SDK_C_HEADERS = {"stddef.h", "stdint.h", "string.h", "stdlib.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def includes_of(text):
    for number, line in tree.lines_of(text):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def room_of(path, ranks):
    """The room (longest known prefix) of a path, or None for an unknown folder."""
    folder = os.path.dirname(path)
    while folder and folder not in ranks:
        folder = os.path.dirname(folder)
    if not folder and os.path.dirname(path):
        return None
    return folder


def excepted(path, included):
    return any(path.startswith(source) and included.startswith(target)
               for source, target in EXCEPTIONS)


def check_core(path, text):
    own = path.removeprefix("core/")
    room = room_of(own, CORE_RANKS)
    if room is None:
        return [tree.problem(path, 1, "is in a room without a rank",
                             "give the room its rank in CORE_RANKS of tests/tidy/includes.py")]
    found = []
    for number, quoted, included in includes_of(text):
        if not quoted:
            continue
        target = room_of(included, CORE_RANKS)
        if target is None:
            found.append(tree.problem(path, number, f'includes "{included}", no room of the core',
                                      "include the SDK as <varve/...> and nothing of plugins/"))
        elif (target != room and CORE_RANKS[target] >= CORE_RANKS[room]
              and not excepted(own, included)):
            found.append(tree.problem(
                path, number, f'includes "{included}" of a room that does not rank lower',
                "move what both need down, or turn the dependency into an interface"))
    return found


def check_plugin(path, text):
    own = path.removeprefix("plugins/")
    parts = own.split("/")
    kind = parts[0]
    allowed = ["common/"]
    if kind != "common":
        allowed += [f"{kind}/common/", "/".join(parts[:2]) + "/"]
    found = []
    for number, quoted, included in includes_of(text):
        if not quoted:
            continue
        if not included.startswith(tuple(allowed)):
            found.append(tree.problem(
                path, number, f'includes "{included}"', "a plugin includes <varve/...>, "
                "\"common/...\", its kind's common folder and its own folder"))
        elif own.startswith(STRATA) and included.startswith(STRATA):
            found += check_strata(path, own, number, included)
    return found


def check_strata(path, own, number, included):
    room = room_of(own.removeprefix(STRATA), STRATA_RANKS)
    target = room_of(included.removeprefix(STRATA), STRATA_RANKS)
    if room is None or target is None:
        return [tree.problem(path, number, "is in, or includes, a room without a rank",
                             "give the room its rank in STRATA_RANKS of tests/tidy/includes.py")]
    if room == target or STRATA_RANKS[target] < STRATA_RANKS[room]:
        return []
    return [tree.problem(path, number, f'includes "{included}" of a room that does not rank lower',
                         "move what both need down")]


def check_sdk(path, text):
    found = []
    for number, quoted, included in includes_of(text):
        if quoted:
            base = os.path.normpath(os.path.join(os.path.dirname(path), included))
            fine = base.startswith("sdk/include/varve/")
        else:
            standard = "/" not in included and "." not in included
            fine = included.startswith("varve/") or standard or included in SDK_C_HEADERS
        if not fine:
            found.append(tree.problem(path, number, f"includes {included}",
                                      "the SDK needs only itself, libc and libstdc++"))
    return found


def check_pragma(path, text):
    if path.endswith(".hpp") and "\n#pragma once\n" not in "\n" + text:
        return [tree.problem(path, 1, "lacks #pragma once", "add it below the opening comment")]
    return []


def check_file(path, text):
    found = check_pragma(path, text)
    if path.startswith("core/"):
        found += check_core(path, text)
    elif path.startswith("plugins/"):
        found += check_plugin(path, text)
    elif path.startswith("sdk/include/"):
        found += check_sdk(path, text)
    return found


def check(_options):
    return [text for path in tree.cpp_files() for text in check_file(path, tree.read(path))]
