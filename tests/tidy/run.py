"""Runs one check of the repository's own text: run.py CHECK [--build DIR]. Prints each problem as
file:line, what is wrong and the remedy, and fails if there is one."""

import argparse
import sys

import debian_deps
import exports
import includes
import plugin_folders
import sizes
import words

CHECKS = {
    "includes": includes.check,
    "file_length": sizes.check_file_length,
    "function_length": sizes.check_function_length,
    "line_length": sizes.check_line_length,
    "blanks": sizes.check_blanks,
    "folder_size": sizes.check_folder_size,
    "banned_calls": words.check_banned_calls,
    "leftovers": words.check_leftovers,
    "machine_words": words.check_machine_words,
    "exports": exports.check,
    "debian_deps": debian_deps.check,
    "plugin_folders": plugin_folders.check,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("--build", help="the build directory, for checks of what was built")
    options = parser.parse_args()
    problems = CHECKS[options.check](options)
    for text in problems:
        print(text)
    if problems:
        print(f"{len(problems)} problem(s)")
    return 1 if problems else 0


sys.exit(main())
