"""What the checks share: the files of the repository, C++ text without comments and strings, and
the way a problem is told."""

import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CPP = (".cpp", ".hpp", ".h")
CODE = CPP + (".py", ".cmake", ".sh", ".in")
CODE_NAMES = ("dev", "run", "CMakeLists.txt", ".clang-tidy", ".clang-format")
# Data of tests: what is in it is decided by formats and clients, not by a style.
DATA = ("tests/golden/", "tests/fuzz/corpus/")


def problem(path, line, text, remedy):
    return f"{path}:{line}: {text}; {remedy}"


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def files():
    """Every file of the repository that exists, data of tests aside; sorted."""
    if os.path.exists(os.path.join(ROOT, ".git")):
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True,
                                text=True, check=True).stdout.split("\0")
    else:
        listed = [os.path.relpath(os.path.join(folder, name), ROOT)
                  for folder, _, names in os.walk(ROOT) for name in names
                  if not os.path.relpath(folder, ROOT).startswith("build")]
    return sorted(path for path in listed if path and not path.startswith(DATA)
                  and os.path.isfile(os.path.join(ROOT, path)))


def code_files():
    return [path for path in files()
            if path.endswith(CODE) or os.path.basename(path) in CODE_NAMES]


def cpp_files(*folders):
    return [path for path in files()
            if path.endswith(CPP) and (not folders or path.startswith(folders))]


TOKEN = re.compile(
    r'//(?:\\\n|[^\n])*|/\*.*?\*/|R"(?P<delimiter>[^\s()\\]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def without_comments_and_strings(text):
    """C++ with the inside of comments, strings and characters blanked; lines keep their place."""

    def blank(match):
        token = match.group(0)
        inside = "\n" * token.count("\n")
        if token.startswith("/"):
            return inside or " "
        return token[0] + inside + token[-1] if not token.startswith("R") else '"' + inside + '"'

    return TOKEN.sub(blank, text)


def lines_of(text):
    """(number, line) from 1."""
    return enumerate(text.split("\n"), start=1)
