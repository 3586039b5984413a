"""Sizes that keep files readable: of files, functions, lines and folders; and blanks."""

import ast
import collections
import os
import re

import tree

FILE_LINES_MAX = 800
FILE_LINES_WANTED = 400  # more is only counted
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
FOLDER_FILES_MAX = 20

# (file, first words of the line): why the function that starts there is longer
FUNCTION_EXCEPTIONS = {
    ("core/kernel/http/codec/text.cpp", "std::string_view reason_phrase("): "a table as a switch",
}

# folder: (limit, why)
FOLDER_EXCEPTIONS = {
    "core/kernel": (24, "the kernel's parts, a pair of files each, that its users name"),
}

# file: why blanks may end a line
BLANK_EXCEPTIONS = {
    "tests/conformance/line_protocol.py": "lines of a protocol that end in blanks",
}

# Kept for what a name in front of a brace means.
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def check_file_length(_options):
    found, long_count = [], 0
    for path in tree.code_files():
        lines = tree.read(path).count("\n")
        long_count += lines > FILE_LINES_WANTED
        if lines > FILE_LINES_MAX:
            found.append(tree.problem(path, lines, f"has {lines} lines, {FILE_LINES_MAX} at most",
                                      "split it by what its parts are about"))
    print(f"files of more than {FILE_LINES_WANTED} lines: {long_count}")
    return found


def cpp_functions(text):
    """(first line, last line) of every function body that stands in a namespace or a type. Counts
    braces: in formatted code a function is a brace behind a parenthesis that is behind no `=`."""
    text = tree.without_comments_and_strings(text)
    text = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: "\n" * m.group(0).count("\n"), text,
                  flags=re.MULTILINE)
    scopes = []  # of each open brace: "scope", "function" or "other"
    first_line, statement, line, spans = None, "", 1, []
    for char in text:
        if char == "\n":
            line += 1
        inside = any(kind != "scope" for kind, _ in scopes)
        if char == "{":
            head = statement.strip()
            kind = "other"
            if not inside:
                signature = re.sub(r"operator\s*\S+\s*\(", "operator(", head)
                signature = re.sub(r"template\s*<[^{]*?>\s*(?=[\w\[])", "", signature)
                if SCOPE.search(signature) and not signature.endswith(")"):
                    kind = "scope"
                elif "(" in signature and "=" not in signature.split("(")[0]:
                    kind = "function"
            scopes.append((kind, first_line or line))
            statement, first_line = ("", None) if not inside else (statement, first_line)
        elif char == "}":
            if scopes:
                kind, start = scopes.pop()
                if kind == "function":
                    spans.append((start, line))
            statement, first_line = "", None
        elif char == ";":
            statement, first_line = "", None
        elif not inside:
            if first_line is None and not char.isspace():
                first_line = line
            statement += char
    return spans


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno


def long_functions(path, text):
    spans = python_functions(text) if path.endswith(".py") else cpp_functions(text)
    lines = text.split("\n")
    spans = [(first, last) for first, last in spans
             if not any(path == file and lines[first - 1].startswith(words)
                        for file, words in FUNCTION_EXCEPTIONS)]
    return [tree.problem(path, first, f"a function of {last - first + 1} lines, "
                         f"{FUNCTION_LINES_MAX} at most", "give its steps names of their own")
            for first, last in spans if last - first + 1 > FUNCTION_LINES_MAX]


def check_function_length(_options):
    return [text for path in tree.files() if path.endswith(tree.CPP + (".py",))
            for text in long_functions(path, tree.read(path))]


def long_lines(path, text):
    return [tree.problem(path, number, f"has {len(line)} columns, {LINE_COLUMNS_MAX} at most",
                         "break the line")
            for number, line in tree.lines_of(text) if len(line) > LINE_COLUMNS_MAX]


def check_line_length(_options):
    return [text for path in tree.code_files() for text in long_lines(path, tree.read(path))]


def stray_blanks(path, text):
    found = []
    for number, line in tree.lines_of(text):
        if "\t" in line:
            found.append(tree.problem(path, number, "holds a tab", "indent by 4 spaces"))
        if line != line.rstrip() and path not in BLANK_EXCEPTIONS:
            found.append(tree.problem(path, number, "ends in blanks", "remove them"))
    if text and not text.endswith("\n"):
        found.append(tree.problem(path, number, "lacks its last newline", "add it"))
    return found


def check_blanks(_options):
    paths = set(tree.code_files())
    paths |= {path for path in tree.files() if path.endswith((".md", ".toml"))}
    return [text for path in sorted(paths) for text in stray_blanks(path, tree.read(path))]


def check_folder_size(_options):
    count = collections.Counter(
        os.path.dirname(path) for path in tree.code_files()
        if os.path.basename(path) not in tree.CODE_NAMES)
    found = []
    for folder, number in sorted(count.items()):
        limit = FOLDER_EXCEPTIONS.get(folder, (FOLDER_FILES_MAX, ""))[0]
        if number > limit:
            found.append(tree.problem(folder, 1, f"holds {number} files, {limit} at most",
                                      "make rooms of its own inside it"))
    return found
