#include "cli/plugin_command.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <simdjson.h>

#include "cli/check/check.hpp"

namespace varve::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char *kUsage =
    R"(usage: varve plugin list [--json]          what the server has loaded and refused
       varve plugin check FILE.so…       loads a plugin without a server and runs its suite
       varve plugin new KIND.NAME DIR    makes a plugin to start from (inputs, outputs, functions)
)";

int fail(const std::string &text) {
    std::cerr << "varve: " << text << '\n';
    return 1;
}

void print_plugins(simdjson::dom::element document) {
    for (auto entry : document["loaded"].get_array()) {
        for (auto plugin : entry["plugins"].get_array()) {
            std::cout << std::string_view(plugin["id"]) << ' '
                      << std::string_view(plugin["version"]) << "  "
                      << std::string_view(plugin["description"]) << '\n'
                      << "    " << std::string_view(entry["path"]) << '\n';
        }
    }
    for (auto entry : document["instances"].get_array()) {
        const std::string_view addresses = entry["addresses"];
        if (addresses.empty()) continue;
        std::cout << "instance " << std::string_view(entry["name"]) << "  " << addresses << '\n';
    }
    for (auto entry : document["refused"].get_array()) {
        std::cout << "REFUSED " << std::string_view(entry["path"]) << ": "
                  << std::string_view(entry["reason"]) << '\n';
    }
}

int list(const Target &target, bool as_json) {
    Client client(target);
    auto answer = client.request("GET", "/varve/v1/plugins", {});
    if (!answer.ok()) return fail(answer.status().text());
    if (answer->status != 200) return fail("the server answered: " + answer->body);
    if (as_json) {
        std::cout << answer->body;
        return 0;
    }
    try {
        simdjson::dom::parser parser;
        print_plugins(parser.parse(answer->body));
        return 0;
    } catch (const simdjson::simdjson_error &error) {
        return fail(std::string("the server's answer cannot be read: ") + error.what());
    }
}

int check(const std::vector<std::string> &files, bool as_json) {
    if (files.empty()) {
        std::cerr << kUsage;
        return 2;
    }
    return check::print_reports(files, as_json) ? 0 : 1;
}

// Templates stand beside the program (build tree) or below its prefix's share folder.
fs::path template_folder() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    return program.parent_path().parent_path() / "share/varve/sdk/template";
}

void replace_all(std::string &text, const std::string &from, const std::string &to) {
    for (size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// "my_probe" → "MyProbe"
std::string camel_case(const std::string &name) {
    std::string out;
    bool upper = true;
    for (const char c : name) {
        if (c == '_') {
            upper = true;
            continue;
        }
        out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        upper = false;
    }
    return out;
}

bool is_plain_name(const std::string &name) {
    return !name.empty() && std::islower(static_cast<unsigned char>(name[0])) != 0 &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
           });
}

Status copy_template(const fs::path &from, const fs::path &to, const std::string &name) {
    std::error_code error;
    fs::create_directories(to, error);
    if (error) return {Code::io_error, to.string() + ": " + error.message()};
    for (const auto &entry : fs::directory_iterator(from, error)) {
        std::ifstream in(entry.path(), std::ios::binary);
        std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        replace_all(text, "example", name);
        replace_all(text, "Example", camel_case(name));
        std::string file = entry.path().filename().string();
        replace_all(file, "example", name);
        std::ofstream out(to / file, std::ios::binary);
        out << text;
        if (!out.flush()) return {Code::io_error, "cannot write " + (to / file).string()};
    }
    return error ? Status(Code::not_found, from.string() + ": " + error.message()) : Status();
}

int make_new(const std::vector<std::string> &arguments) {
    if (arguments.size() != 2) {
        std::cerr << kUsage;
        return 2;
    }
    const size_t dot = arguments[0].find('.');
    const std::string kind = arguments[0].substr(0, dot);
    const std::string name = dot == std::string::npos ? "" : arguments[0].substr(dot + 1);
    if (kind == "storage") {
        return fail("there is no template of a storage engine; copy plugins/storage/memory");
    }
    const bool known = kind == "inputs" || kind == "outputs" || kind == "functions";
    if (!known || !is_plain_name(name)) {
        return fail("\"" + arguments[0] +
                    "\" is no KIND.NAME: the kinds are inputs, outputs and "
                    "functions, a name has lower-case letters, digits and _");
    }
    const fs::path target = arguments[1];
    if (fs::exists(target) && !fs::is_empty(target)) {
        return fail(target.string() + " exists and is not empty");
    }
    const Status copied =
        copy_template(template_folder() / kind.substr(0, kind.size() - 1), target, name);
    if (!copied.ok()) return fail(copied.text());
    std::cout << "made " << target.string() << "; build it with\n  cmake -B "
              << (target / "build").string() << " -S " << target.string() << " && cmake --build "
              << (target / "build").string() << '\n';
    return 0;
}

}  // namespace

int run_plugin_command(const std::vector<std::string> &arguments, const Target &target,
                       bool as_json) {
    const std::string verb = arguments.empty() ? "help" : arguments[0];
    const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1),
                                        arguments.end());
    if (verb == "list") return list(target, as_json);
    if (verb == "check") return check(rest, as_json);
    if (verb == "new") return make_new(rest);
    (verb == "help" ? std::cout : std::cerr) << kUsage;
    return verb == "help" ? 0 : 2;
}

}  // namespace varve::cli
