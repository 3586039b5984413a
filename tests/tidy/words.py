"""Calls that Varve doesn't make, with what to use in their place; leftovers; words of a machine."""

import re

import tree

OURS = ("core/", "plugins/")
ALL = ("core/", "plugins/", "sdk/", "tests/")
# Programs whose output is their answer.
PROGRAMS = ("core/main.cpp", "core/varved.cpp", "core/cli/")

# (what, pattern, folders it holds for, files and folders where it may stand, what to use)
BANNED = [
    ("strcpy and strcat", r"\b(strcpy|strcat|strncpy)\s*\(", ALL, (), "use std::string"),
    ("sprintf", r"\bv?sprintf\s*\(", ALL, (), "use snprintf with the buffer's size"),
    ("gets", r"\bgets\s*\(", ALL, (), "use Env"),
    ("rand", r"\bs?rand\s*\(", ALL, (),
     "use Env::random, or in tests a generator whose seed is printed"),
    ("system", r"\bsystem\s*\(|\bpopen\s*\(", ALL, (), "use the library that does it"),
    ("std::regex", r"\bstd::(basic_)?regex\b|<regex>", ALL, (), "use RE2"),
    ("output to stdout", r"\b(?:printf|puts|putchar)\s*\(|\bstd::cout\b|\bstdout\b", OURS, PROGRAMS,
     "log it through Log or the host's log"),
    ("std::endl", r"\bstd::endl\b", ALL, ("core/cli/",), "write '\\n'"),
    ("using namespace date", r"\busing\s+namespace\s+(date|std)\b", ALL, (),
     "name what is used; date and std::chrono clash"),
    ("dlopen", r"\bdlm?open\s*\(", ALL, (), "use Boost.DLL as core/kernel/plugin_file.cpp does"),
    ("volatile", r"\bvolatile\b", ALL, (), "use std::atomic"),
    ("sleep", r"\bsleep_for\b|\bsleep_until\b|\bu?sleep\s*\(", OURS, (),
     "wait on a condition with a deadline, or use a timer"),
    ("const_cast", r"\bconst_cast\s*<", OURS, (
        "core/base/env.cpp",                         # iovec has no const
        "core/cli/check/storage_suite.cpp",          # spoils a batch on purpose
        "core/kernel/host/handle.cpp",               # the ABI's handle is the kernel's object
        "core/kernel/http/codec/",                   # zlib's input has no const
        "core/kernel/http/net/plain_session.cpp",    # iovec has no const
        "core/write/validator.cpp",                  # the one writer of a table's keep bitmap
        "plugins/storage/memory/memory_partition.cpp",      # a block's own handle
        "plugins/storage/strata/scan/scan_partition.cpp",   # fills the columns it has just made
    ), "change what is const, or name the file in tests/tidy/words.py with the reason"),
]

# Written in two halves: this file is searched, too.
LEFTOVERS = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK")) + r")\b")
MACHINE = re.compile(r"(?<![\w.])/(?:wo" r"rk|ro" r"ot)/|\b(?:"
                     + "|".join(("pypi" r"\.org", "registry" r"\.npmjs", "crates" r"\.io",
                                 "proxy" r"\.golang", "conan" r"\.io", "rubygems" r"\.org"))
                     + r")\b")


def banned_calls(path, text):
    found = []
    for number, line in tree.lines_of(tree.without_comments_and_strings(text)):
        for what, pattern, folders, allowed, remedy in BANNED:
            if (path.startswith(folders) and not path.startswith(allowed or ("\0",))
                    and re.search(pattern, line)):
                found.append(tree.problem(path, number, f"{what} is not used here", remedy))
    return found


def check_banned_calls(_options):
    return [text for path in tree.cpp_files() for text in banned_calls(path, tree.read(path))]


def searched(path, text, pattern, what, remedy):
    return [tree.problem(path, number, f"{what} `{match.group(0)}`", remedy)
            for number, line in tree.lines_of(text) for match in [pattern.search(line)] if match]


def check_leftovers(_options):
    return [text for path in tree.files()
            for text in searched(path, tree.read(path), LEFTOVERS, "a leftover",
                                 "finish it, or say in a sentence what is so and why")]


def check_machine_words(_options):
    return [text for path in tree.files()
            for text in searched(path, tree.read(path), MACHINE, "the name of a place",
                                 "the repository names no machine and no package registry")]
