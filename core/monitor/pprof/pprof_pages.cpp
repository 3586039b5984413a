#include "monitor/pprof/pprof_pages.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include "monitor/debug_answers.hpp"
#include "monitor/pprof/cpu_profile.hpp"
#include "monitor/pprof/memory_profile.hpp"
#include "monitor/pprof/symbols.hpp"

namespace varve::monitor {
namespace {

constexpr const char *kText = "text/plain; charset=utf-8";
constexpr const char *kBytes = "application/octet-stream";
constexpr int64_t kProfileSeconds = 30;

constexpr const char *kIndex = R"(<html>
<head><title>/debug/pprof/</title></head>
<body>
/debug/pprof/<br>
<p>Profiles in the formats of pprof
(<code>google-pprof varved http://this-server/debug/pprof/profile</code>):</p>
<ul>
<li><a href="/debug/pprof/profile?seconds=30">profile</a>: where the CPU time goes, sampled for
<code>seconds</code></li>
<li><a href="/debug/pprof/heap">heap</a>: memory by account</li>
<li><a href="/debug/pprof/cmdline">cmdline</a>: the command line</li>
<li>symbol: names of addresses</li>
</ul>
</body>
</html>
)";

void show_profile(DelayedCalls &delayed, http::Request &request, http::ResponseWriter writer) {
    const auto seconds = window_seconds(request, kProfileSeconds);
    if (!seconds.ok()) return writer.send_error(400, seconds.status().text());
    auto started = CpuProfile::start();
    if (!started.ok()) {
        return answer_text(writer, 500, kText,
                           "Could not enable CPU profiling: " + started.status().text() + '\n');
    }
    const std::shared_ptr<CpuProfile> profile = std::move(*started);
    answer_later(delayed, *seconds, std::move(writer), [profile](http::ResponseWriter later) {
        const auto bytes = profile->finish();
        if (!later) return;
        if (!bytes.ok()) return later.send_error(500, bytes.status().text());
        later.set_header("Content-Disposition", "attachment; filename=\"profile\"");
        answer_text(later, 200, kBytes, *bytes);
    });
}

// "0x4005d0+0x4006a0": a line "0x4005d0\tname" for each address that has one.
std::string symbol_lines(std::string_view addresses) {
    std::string lines = "num_symbols: 1\n";
    Symbols symbols;
    while (!addresses.empty()) {
        const size_t plus = std::min(addresses.find('+'), addresses.size());
        const std::string_view text = addresses.substr(0, plus);
        addresses.remove_prefix(std::min(plus + 1, addresses.size()));
        const std::string_view digits = text.starts_with("0x") ? text.substr(2) : text;
        uint64_t address = 0;
        const auto parsed =
            std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
        if (parsed.ec != std::errc()) continue;
        std::string name(memory_frame_name(address));
        if (name.empty()) name = symbols.name(address);
        if (!name.empty()) lines += std::string(text) + '\t' + name + '\n';
    }
    return lines;
}

}  // namespace

void show_pprof(const Config &config, MemoryAccounts &memory, DelayedCalls &delayed,
                http::Request &request, http::ResponseWriter writer) {
    constexpr std::string_view kFolder = "/debug/pprof/";
    const std::string path(request.path());
    const std::string name = path.size() > kFolder.size() ? path.substr(kFolder.size()) : "";
    if (name.empty()) return answer_text(writer, 200, "text/html; charset=utf-8", kIndex);
    if (name == "profile") return show_profile(delayed, request, std::move(writer));
    if (name == "heap") return answer_text(writer, 200, kText, memory_profile(memory));
    if (name == "cmdline") {
        std::string line;
        for (const std::string &argument : command_line(config)) {
            if (!line.empty()) line += '\0';
            line += argument;
        }
        return answer_text(writer, 200, kText, std::move(line));
    }
    if (name == "symbol") {
        const auto body = request.body();
        const bool posted = request.method() == http::kPost;
        const std::string_view asked =
            posted ? std::string_view(body.data(), body.size()) : request.query();
        return answer_text(writer, 200, kText, symbol_lines(asked));
    }
    writer.set_header("X-Go-Pprof", "1");
    answer_text(writer, 404, kText, "Unknown profile\n");
}

}  // namespace varve::monitor
