"""Every plugin that was built exports varve_entry and nothing else."""

import glob
import os
import subprocess

import plugin_folders
import tree


def check(options):
    found = []
    folder = os.path.join(options.build, "lib/varve/plugins")
    built = {os.path.basename(path) for path in glob.glob(os.path.join(folder, "*.so"))}
    for source in plugin_folders.plugin_folders():
        name = source.removeprefix("plugins/").replace("/", ".") + ".so"
        if name not in built:
            found.append(tree.problem(source + "/CMakeLists.txt", 1, f"{name} was not built",
                                      "build the target `plugins` or all"))
            continue
        listed = subprocess.run(["nm", "-D", "--defined-only", os.path.join(folder, name)],
                                capture_output=True, text=True, check=True).stdout
        symbols = [line.split()[-1].split("@")[0] for line in listed.splitlines()]
        extra = [symbol for symbol in symbols if symbol != "varve_entry"]
        if "varve_entry" not in symbols or extra:
            found.append(tree.problem(
                source + "/CMakeLists.txt", 1, f"{name} exports {symbols or 'nothing'}",
                "exactly varve_entry is exported; build it with varve_plugin()"))
    return found
