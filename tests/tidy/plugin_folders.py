"""Every plugin's folder carries its README and its sample, and its entry file only wires."""

import os
import re

import tree

ENTRY_LINES_MAX = 60
CMAKE_LINES_MAX = 5

# folder: (limit, why)
CMAKE_EXCEPTIONS = {
    "plugins/storage/strata": (10, "an engine of many files, listed by hand"),
}


def plugin_folders():
    named = re.findall(r"^add_subdirectory\((\S+)\)", tree.read("plugins/CMakeLists.txt"), re.M)
    return ["plugins/" + name for name in named
            if name != "common" and not name.endswith("/common")]


def check_cmake(folder, text):
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    limit = CMAKE_EXCEPTIONS.get(folder, (CMAKE_LINES_MAX, ""))[0]
    if len(lines) <= limit:
        return []
    return [tree.problem(folder + "/CMakeLists.txt", len(lines),
                         f"has {len(lines)} lines, {limit} at most",
                         "a plugin is one varve_plugin(); what it shares goes to a common folder")]


def check_sample(path, text):
    return [tree.problem(path, number, "is not commented out",
                         "a sample changes nothing when it is installed")
            for number, line in tree.lines_of(text) if line and not line.startswith("#")]


def check(_options):
    found = []
    for folder in plugin_folders():
        for name in ("README.md", "sample.toml", "plugin.cpp", "CMakeLists.txt"):
            path = f"{folder}/{name}"
            if not os.path.exists(os.path.join(tree.ROOT, path)):
                found.append(tree.problem(path, 1, "is missing", "every plugin carries one"))
                continue
            text = tree.read(path)
            if name == "sample.toml":
                found += check_sample(path, text)
            elif name == "CMakeLists.txt":
                found += check_cmake(folder, text)
            elif name == "plugin.cpp" and text.count("\n") > ENTRY_LINES_MAX:
                found.append(tree.problem(path, text.count("\n"),
                                          f"is longer than {ENTRY_LINES_MAX} lines",
                                          "it only wires; move the work to files of its own"))
    return found
