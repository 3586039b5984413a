#include "cli/storage/storage_command.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include <simdjson.h>

#include "cli/arguments.hpp"
#include "cli/table.hpp"

namespace varve::cli {
namespace {

namespace dom = simdjson::dom;

constexpr const char *kUsage =
    R"(usage: varve storage status [--json]     what the storage engine holds
       varve storage compact [--wait]    flushes and merges; with --wait, until it is settled
       varve storage scrub               reads and checks every stored file now
)";

int fail(const std::string &text) {
    std::cerr << "varve: " << text << '\n';
    return 1;
}

int misuse(const std::string &text) {
    std::cerr << "varve: " << text << '\n' << kUsage;
    return 2;
}

std::string cell(dom::element value) {
    if (value.is_null()) return {};
    if (value.is_string()) return std::string(std::string_view(value));
    return simdjson::minify(value);
}

// "117.7 MiB"; empty below a KiB.
std::string readable_size(uint64_t bytes) {
    constexpr std::array<const char *, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    auto size = static_cast<double>(bytes);
    for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
    if (unit == 0) return {};
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %s", size, kUnits[unit]);
    return text;
}

void append_list(std::string &out, std::string_view name, dom::array list) {
    std::vector<std::string> head;
    for (dom::element entry : list) {
        if (!entry.is_object()) continue;
        for (const auto field : dom::object(entry)) {
            const std::string key(field.key);
            if (std::find(head.begin(), head.end(), key) == head.end()) head.push_back(key);
        }
    }
    out.append("\n").append(name).append(":");
    if (list.size() == 0) out += " none";
    out += '\n';
    std::vector<std::vector<std::string>> rows;
    for (dom::element entry : list) {
        if (!entry.is_object()) {
            out += "  " + cell(entry) + '\n';
            continue;
        }
        rows.emplace_back();
        for (const std::string &key : head) {
            dom::element value;
            const bool there = dom::object(entry).at_key(key).get(value) == simdjson::SUCCESS;
            rows.back().push_back(there ? cell(value) : std::string());
        }
    }
    if (!rows.empty()) append_table(out, head, rows);
}

Result<Answer> ask(const Options &options, const std::string &method, const std::string &path,
                   const Parameters &parameters) {
    auto answer = Client(options.target).request(method, path, parameters);
    if (!answer.ok() || answer->status == 200) return answer;
    std::string text = answer->body;
    dom::parser parser;
    std::string_view error;
    if (parser.parse(answer->body)["error"].get(error) == simdjson::SUCCESS) text = error;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (answer->status == 404) text = "it has no " + path;
    return Status(Code::failed_precondition,
                  "the server answered " + std::to_string(answer->status) + ": " + text);
}

int show_status(const Options &options) {
    auto answer = ask(options, "GET", "/varve/v1/storage/status", {});
    if (!answer.ok()) return fail(answer.status().text());
    if (options.json) {
        std::cout << answer->body;
        return 0;
    }
    const auto text = render_storage_status(answer->body);
    if (!text.ok()) return fail(text.status().text());
    std::cout << *text;
    return 0;
}

int maintain(const Options &options, const std::string &verb, const Parameters &parameters,
             const std::string &done) {
    auto answer = ask(options, "POST", "/varve/v1/storage/" + verb, parameters);
    if (!answer.ok()) return fail(answer.status().text());
    std::cout << (options.json ? answer->body : done + '\n');
    return 0;
}

}  // namespace

Result<std::string> render_storage_status(std::string_view document) {
    try {
        dom::parser parser;
        const simdjson::padded_string padded(document);
        std::vector<std::vector<std::string>> totals;
        std::string lists;
        for (const auto field : dom::object(parser.parse(padded))) {
            if (field.value.is_array()) {
                append_list(lists, field.key, field.value);
                continue;
            }
            totals.push_back({std::string(field.key), cell(field.value)});
            uint64_t bytes = 0;
            if (field.key.ends_with("bytes") && field.value.get(bytes) == simdjson::SUCCESS) {
                totals.back().push_back(readable_size(bytes));
            }
        }
        std::string out;
        append_table(out, {"what", "value", ""}, totals);
        return out + lists;
    } catch (const simdjson::simdjson_error &error) {
        return Status(Code::data_loss,
                      std::string("the server's answer cannot be read: ") + error.what());
    }
}

int run_storage_command(const Options &options) {
    constexpr VerbFlag kFlags[] = {{"wait", false}};
    auto arguments =
        parse_arguments({options.arguments.begin() + 1, options.arguments.end()}, kFlags);
    if (!arguments.ok()) return misuse(arguments.status().text());
    const std::string verb = arguments->words.empty() ? "" : arguments->words[0];
    if (options.help || verb == "help") {
        std::cout << kUsage;
        return 0;
    }
    if (arguments->words.size() != 1) {
        return misuse(verb.empty() ? "storage wants a verb" : "storage wants one verb");
    }
    const bool wait = arguments->has("wait");
    if (wait && verb != "compact") return misuse("--wait belongs to compact");
    if (verb == "status") return show_status(options);
    if (verb == "compact" && wait) {
        return maintain(options, verb, {{"wait", "true"}}, "the storage is settled");
    }
    if (verb == "compact") return maintain(options, verb, {}, "compaction has started");
    if (verb == "scrub") return maintain(options, verb, {}, "every stored file was checked");
    return misuse("unknown verb \"" + verb + "\" of storage");
}

}  // namespace varve::cli
