"""The checks find what they are for."""

import unittest

import debian_deps
import includes
import plugin_folders
import sizes
import tree
import words


class Includes(unittest.TestCase):
    def test_core_ranks(self):
        self.assertEqual([], includes.check_file("core/write/a.cpp", '#include "base/env.hpp"\n'))
        self.assertIn("core/base/a.cpp:2: ", includes.check_file(
            "core/base/a.cpp", '\n#include "write/router.hpp"\n')[0])
        self.assertTrue(includes.check_file("core/write/a.cpp", '#include "query/engine.hpp"\n'))
        self.assertTrue(includes.check_file("core/base/a.cpp", '#include "common/x.hpp"\n'))
        self.assertTrue(includes.check_file("core/new/a.cpp", ""))

    def test_plugins(self):
        path = "plugins/inputs/udp/a.cpp"
        fine = '#include <varve/batch.h>\n#include "common/x.hpp"\n#include "inputs/udp/a.hpp"\n'
        self.assertEqual([], includes.check_file(path, fine))
        for bad in ("base/env.hpp", "inputs/http/a.hpp", "storage/common/a.hpp"):
            self.assertTrue(includes.check_file(path, f'#include "{bad}"\n'), bad)
        self.assertTrue(includes.check_file("plugins/common/a.cpp", '#include "inputs/udp/a.hpp"'))
        self.assertTrue(includes.check_file("plugins/storage/strata/wal/a.cpp",
                                            '#include "storage/strata/engine/shard.hpp"'))

    def test_sdk(self):
        path = "sdk/include/varve/cpp/a.hpp"
        self.assertEqual([], includes.check_file(path, '#pragma once\n#include "../status.h"\n'
                                                 "#include <vector>\n#include <varve/batch.h>\n"))
        self.assertTrue(includes.check_file(path, "#pragma once\n#include <Poco/Types.h>\n"))
        self.assertTrue(includes.check_file(path, "int a;\n"))


class Sizes(unittest.TestCase):
    def test_functions(self):
        body = "    int a = {1};\n" * 3
        text = ("namespace a {\nclass B final : public C {\n    int d;\n"
                "    B(int b)\n        : b_(b) {\n" + body + "    }\n};\n"
                "// never {\nconst int kTable[] = {\n    f(1),\n};\n"
                'TEST(A, b) {\n    f("}");\n}\n}\n')
        self.assertEqual([(4, 9), (15, 17)], sizes.cpp_functions(text))

    def test_long_function(self):
        text = "void f() {\n" + "    g();\n" * 70 + "}\n"
        self.assertIn("a.cpp:1: a function of 72 lines", sizes.long_functions("a.cpp", text)[0])
        self.assertEqual([], sizes.long_functions("a.cpp", text.replace("    g();\n", "", 3)))
        self.assertTrue(sizes.long_functions("a.py", "def f():\n" + "    g()\n" * 70))

    def test_lines_and_blanks(self):
        self.assertEqual([], sizes.long_lines("a", "x" * 100))
        self.assertIn("a:2: ", sizes.long_lines("a", "\n" + "x" * 101)[0])
        for bad in ("a \n", "\ta\n", "a"):
            self.assertEqual(1, len(sizes.stray_blanks("a", bad)))


class Words(unittest.TestCase):
    def test_banned(self):
        for bad in ("strcpy(a, b);", "x = rand();", "std::regex r;", 'printf("a");',
                    "volatile int a;", "std::this_thread::sleep_for(a);", "using namespace date;",
                    "const_cast<char *>(a)", "std::cout << 1;", "::dlopen(a, 1)"):
            self.assertTrue(words.banned_calls("core/base/a.cpp", "\n" + bad), bad)
        for good in ('log("system (x)");', "// rand()", "std::snprintf(a, b);", "strand(a);",
                     "fprintf(stderr, a);"):
            self.assertEqual([], words.banned_calls("core/base/a.cpp", good), good)
        self.assertEqual([], words.banned_calls("core/cli/main.cpp", "std::cout << 1;"))

    def test_texts(self):
        self.assertTrue(words.LEFTOVERS.search("// TO" "DO: more"))
        self.assertFalse(words.LEFTOVERS.search("mkstemp XXXX" "XX"))
        self.assertTrue(words.MACHINE.search("see /wo" "rk/a"))
        self.assertFalse(words.MACHINE.search("core/wo" "rk/a"))

    def test_strings_are_blank(self):
        self.assertEqual('a("") \n\n', tree.without_comments_and_strings('a("x//y") /*\n*/\n'))


class Packages(unittest.TestCase):
    def test_order(self):
        self.assertEqual([], debian_deps.check_order("# a\nb\nc\n# d\na\n"))
        self.assertEqual(2, len(debian_deps.check_order("# a\nc\nb\nc\n")))

    def test_programs(self):
        self.assertIn((1, "curl"), list(debian_deps.python_programs("subprocess.run(['curl'])")))
        self.assertIn((2, "sed"), list(debian_deps.shell_programs("x=1\na | sed -n 1\n")))
        self.assertIn((1, "git"), list(debian_deps.shell_programs("files=$(git ls-files)\n")))

    def test_samples(self):
        self.assertEqual([], plugin_folders.check_sample("a", "# [a]\n\n# b = 1\n"))
        self.assertTrue(plugin_folders.check_sample("a", "b = 1\n"))
        self.assertTrue(plugin_folders.check_cmake("a", "x\n" * 6))
        self.assertEqual([], plugin_folders.check_cmake("a", "# x\n" * 6 + "x\n" * 5))


if __name__ == "__main__":
    unittest.main()
