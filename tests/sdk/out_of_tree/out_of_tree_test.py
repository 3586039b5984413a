"""Installs Varve into a scratch prefix, builds a plugin of every kind outside the tree with
find_package(varve), checks each with plugin_check, and lets a server load and use them."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

OPTIONS = None


def run(*arguments, cwd=None):
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class OutOfTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="varve-out-of-tree-")
        cls.prefix = os.path.join(cls.folder, "prefix")
        run("cmake", "--install", OPTIONS.build, "--prefix", cls.prefix)
        cls.plugins = os.path.join(cls.folder, "plugins")
        os.makedirs(cls.plugins)
        for kind in ("input", "output", "function"):
            template = os.path.join(cls.prefix, "share/varve/sdk/template", kind)
            cls.build_plugin(kind, shutil.copytree(template, os.path.join(cls.folder, kind)))
        cls.build_plugin("storage", cls.storage_project())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def build_plugin(cls, name, source):
        build = os.path.join(cls.folder, name + "-build")
        run("cmake", "-G", "Ninja", "-S", source, "-B", build,
            "-DCMAKE_PREFIX_PATH=" + cls.prefix)
        run("cmake", "--build", build)
        built = os.path.join(build, "lib/varve/plugins")
        for file in os.listdir(built):
            shutil.copy(os.path.join(built, file), cls.plugins)

    @classmethod
    def storage_project(cls):
        """The reference engine as somebody else's project: its sources beside a CMakeLists.txt."""
        project = os.path.join(cls.folder, "storage")
        for part in ("common", "storage/common", "storage/memory"):
            shutil.copytree(os.path.join(OPTIONS.source, "plugins", part),
                            os.path.join(project, part))
        sources = []
        for part in ("storage/common", "storage/memory"):
            for file in sorted(os.listdir(os.path.join(project, part))):
                if file.endswith(".cpp") and file != "plugin.cpp":
                    sources.append(f"{part}/{file}")
        sources.append("common/series_key.cpp")
        with open(os.path.join(project, "storage/memory/memory_storage.cpp")) as file:
            text = file.read().replace('"storage.memory"', '"storage.elsewhere"')
        with open(os.path.join(project, "storage/memory/memory_storage.cpp"), "w") as file:
            file.write(text)
        shutil.copy(os.path.join(project, "storage/memory/plugin.cpp"), project)
        with open(os.path.join(project, "CMakeLists.txt"), "w") as file:
            file.write("cmake_minimum_required(VERSION 3.25)\nproject(elsewhere LANGUAGES CXX)\n"
                       "find_package(varve REQUIRED)\nfind_package(PkgConfig REQUIRED)\n"
                       "pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)\n"
                       "pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)\n"
                       f"include_directories({project})\n"
                       f"varve_plugin(storage/elsewhere SOURCES plugin.cpp {' '.join(sources)}\n"
                       "    DEPS PkgConfig::RE2 PkgConfig::XXHASH)\n")
        return project

    def test_each_kind_passes_its_suite(self):
        files = sorted(os.listdir(self.plugins))
        self.assertEqual(files, ["functions.example.so", "inputs.example.so",
                                 "outputs.example.so", "storage.elsewhere.so"])
        for file in files:
            out = run(os.path.join(self.prefix, "bin/plugin_check"),
                      os.path.join(self.plugins, file))
            self.assertIn("\npassed", out)
            self.assertNotIn("FAIL", out)

    def test_each_exports_one_symbol(self):
        for file in os.listdir(self.plugins):
            path = os.path.join(self.plugins, file)
            symbols = run("nm", "-D", "--defined-only", path).split("\n")
            names = [line.split()[-1] for line in symbols if line]
            self.assertEqual(names, ["varve_entry"], file)

    def test_a_server_loads_and_uses_them(self):
        installed = os.path.join(OPTIONS.build, "lib/varve/plugins")
        seen = os.path.join(self.folder, "seen.txt")
        settings = [f'plugins.path=["{installed}", "{self.plugins}"]',
                    "storage.engine=elsewhere", f"outputs.example.path={seen}",
                    "inputs.example.interval=100ms"]
        with Varved(OPTIONS.build, settings=settings) as server:
            eventually(lambda: ["example"] in server.rows("show databases"),
                       what="the database of inputs.example")
            rows = eventually(lambda: server.rows("select value from example", db="example"),
                              what="a row of inputs.example")
            self.assertEqual(rows[0][1], 0)
            server.query("create database db")
            self.assertEqual(server.write("m x=3 1\nm x=4 2"), (204, ""))
            self.assertEqual(server.rows("select sum_of_squares(x) from m"), [[0, 25]])
            eventually(lambda: os.path.exists(seen) and "database=db policy=autogen rows=2"
                       in open(seen).read(), what="a line of outputs.example")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--source", required=True)
    OPTIONS, rest = parser.parse_known_args()
    sys.path.insert(0, os.path.join(OPTIONS.source, "tests/support/py"))
    from varved import Varved, eventually

    unittest.main(argv=[sys.argv[0]] + rest)
