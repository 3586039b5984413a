"""packaging/debian-deps names every Debian package that is needed, and no other. Headers of C++
files and programs of scripts are resolved on this machine; dpkg tells whose they are."""

import ast
import os
import re
import shutil
import subprocess

import tree

LIST = "packaging/debian-deps"

# Found without being included or called by name: why each is needed.
NEEDED = {
    "g++": "the compiler",
    "ccache": "compiler launcher of ./dev",
    "mold": "the linker, looked up by sdk/cmake/VarveCompile.cmake",
    "ninja-build": "the generator of ./dev",
    "pkg-config": "pkg_check_modules",
    "libsqlite3-dev": "Poco's package asks for SQLite when it is found",
    "python3-influxdb": "imported by tests/conformance/clients/python_client_test.py",
    "libclang-rt-16-dev": "the runtime of libFuzzer and the sanitizers",
}

# Not on the list because a listed or an essential package brings it.
BROUGHT = {
    "g++-12": "g++",
    "libstdc++-12-dev": "g++",
    "libgcc-12-dev": "g++",
    "libc6-dev": "g++",
    "linux-libc-dev": "g++",
    "gcc": "g++",
    "clang-format-16": "itself",
    "libboost1.74-dev": "libboost-dev",
    "python3-minimal": "python3",
    "python3.11-minimal": "python3",
    "pkgconf-bin": "pkg-config",
    "binutils-common": "binutils",
    "binutils-x86-64-linux-gnu": "binutils",
    "binutils-aarch64-linux-gnu": "binutils",
    "libgmock-dev": "itself",
    "apt": "every Debian system",
    "nodejs": "tests/conformance/clients/node_clients_test.py skips itself without node and npm",
    "npm": "as nodejs",
    "sudo": "only asked for where ./dev does not run as root",
    "procps": "only used where present",
}

HEADER_ROOTS = ("/usr/include", "/usr/include/x86_64-linux-gnu",
                "/usr/include/aarch64-linux-gnu", "/usr/include/c++/12",
                "/usr/lib/gcc/x86_64-linux-gnu/12/include",
                "/usr/lib/gcc/aarch64-linux-gnu/12/include")
OUR_HEADERS = ("varve/",)
SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "linux/", "net/")
SHELL_FILES = ("dev", ".ci/run")
CALLS = {"run", "Popen", "call", "check_call", "check_output", "which"}


def listed_packages(text):
    """(line, package, group) of each package; a comment line opens a group."""
    group, found = "", []
    for number, line in tree.lines_of(text):
        if line.startswith("#"):
            group = line
        elif line.strip():
            found.append((number, line.strip(), group))
    return found


def check_order(text):
    found, last, seen = [], {}, set()
    for number, name, group in listed_packages(text):
        if name in seen:
            found.append(tree.problem(LIST, number, f"{name} stands here twice", "remove one"))
        if group in last and last[group] > name:
            found.append(tree.problem(LIST, number, f"{name} stands behind {last[group]}",
                                      "sort the packages of a group"))
        seen.add(name)
        last[group] = name
    return found


def third_party_headers():
    """header -> (path, line) of its first include."""
    pattern = re.compile(r"^\s*#\s*include\s*<([^>]+)>")
    headers = {}
    for path in tree.cpp_files():
        for number, line in tree.lines_of(tree.read(path)):
            match = pattern.match(line)
            if not match:
                continue
            name = match.group(1)
            if ("." in name and not name.startswith(OUR_HEADERS + SYSTEM_FOLDERS)
                    and name not in headers):
                headers[name] = (path, number)
    return headers


def python_programs(text):
    """(line, program) of what a Python file starts: the first text of a call or of its list."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(
            node.func, "id", "")
        first = node.args[0]
        if isinstance(first, ast.List) and first.elts:
            first = first.elts[0]
        if name in CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield node.lineno, first.value


def shell_programs(text):
    """(line, word) of each word that may be a command. What is no program is sorted out later."""
    body = re.sub(r"<<'?EOF'?\n.*?\nEOF\n", lambda m: "\n" * m.group(0).count("\n"), text,
                  flags=re.DOTALL)
    for number, line in tree.lines_of(body):
        line = line.split(" #")[0]
        if line.lstrip().startswith("#"):
            continue
        for word in re.findall(r"(?:^\s*|[|;&(]\s*|\b(?:exec|env|then|do|xargs[^|]*?)\s+)"
                               r"([A-Za-z][\w.+-]*)", line):
            yield number, word
        for word in re.findall(r"(clang(?:\+\+)?-[\w-]*16)", line):
            yield number, word


def cmake_programs(text):
    for number, line in tree.lines_of(text):
        for word in re.findall(r"find_program\(\w+ (?:NAMES )?([\w.+-]+)", line):
            yield number, word
        for word in re.findall(r"COMMAND (/usr/bin/[\w.+-]+)", line):
            yield number, os.path.basename(word)


def programs():
    """program -> (path, line) of its first use."""
    used = {}
    for path in tree.files():
        text = tree.read(path)
        if path.endswith(".py"):
            words = python_programs(text)
        elif path in SHELL_FILES or path.endswith(".sh"):
            words = shell_programs(text)
        elif os.path.basename(path) == "CMakeLists.txt" or path.endswith(".cmake"):
            words = cmake_programs(text)
        else:
            continue
        for number, word in words:
            used.setdefault(os.path.basename(word), (path, number))
    return used


def owners(paths):
    """path -> owning package, as far as dpkg knows. /bin is a name of /usr/bin."""
    wanted = {}
    for path in paths:
        real = os.path.realpath(path)
        for name in {path, real, path.removeprefix("/usr"), real.removeprefix("/usr")}:
            wanted.setdefault(name, path)
    known = {}
    names = sorted(wanted)
    for start in range(0, len(names), 200):
        listed = subprocess.run(["dpkg", "-S"] + names[start:start + 200], capture_output=True,
                                text=True, check=False).stdout
        for line in listed.splitlines():
            packages, _, path = line.partition(": ")
            if path in wanted and not line.startswith("diversion"):
                # The name as it was called, before what a link leads to.
                exact = path in (wanted[path], wanted[path].removeprefix("/usr"))
                if exact or wanted[path] not in known:
                    known[wanted[path]] = packages.split(",")[0].split(":")[0]
    return known


def essential():
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Essential} ${Priority}\n"],
                            capture_output=True, text=True, check=True).stdout
    return {words[0] for words in (line.split() for line in listed.splitlines())
            if "yes" in words[1:] or "required" in words[1:]}


def resolve():
    """(found problems, {package: (path, line)} of everything used)."""
    found, places = [], {}
    for header, place in third_party_headers().items():
        path = next((os.path.join(root, header) for root in HEADER_ROOTS
                     if os.path.exists(os.path.join(root, header))), None)
        if path is None:
            found.append(tree.problem(*place, f"<{header}> is not installed",
                                      f"name its package in {LIST}"))
        else:
            places[path] = place
    for program, place in programs().items():
        path = next((os.path.join(folder, program) for folder in ("/usr/bin", "/usr/sbin")
                     if os.path.exists(os.path.join(folder, program))), None)
        if path is not None:
            places[path] = place
    used = {}
    for path, package in owners(places).items():
        used.setdefault(package, places[path])
    return found, used


def check(_options):
    if shutil.which("dpkg") is None:
        return [tree.problem(LIST, 1, "cannot be checked without dpkg", "run it on Debian")]
    text = tree.read(LIST)
    found = check_order(text)
    listed = {name: number for number, name, _ in listed_packages(text)}
    missing, used = resolve()
    found += missing
    base = essential()
    for package, place in sorted(used.items()):
        if package not in listed and package not in base and package not in BROUGHT:
            found.append(tree.problem(*place, f"needs the package {package}",
                                      f"name it in {LIST}"))
    needed = set(used) | set(NEEDED) | {BROUGHT[name] for name in used if name in BROUGHT}
    for package, number in listed.items():
        if package not in needed:
            found.append(tree.problem(LIST, number, f"nothing uses {package}",
                                      "remove it, or give the reason in NEEDED of "
                                      "tests/tidy/debian_deps.py"))
    return found
