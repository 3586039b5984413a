#include "varved.hpp"

#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <iostream>

#include <Poco/Exception.h>
#include <Poco/Util/HelpFormatter.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionSet.h>

#include "kernel/notify.hpp"

extern char **environ;

namespace varve {
namespace {

sigset_t handled_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGHUP);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    return set;
}

int fail(const Status &status) {
    std::fprintf(stderr, "varved: %s\n", status.text().c_str());
    return Poco::Util::Application::EXIT_CONFIG;
}

}  // namespace

void block_signals() {
    const sigset_t set = handled_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

void bound_malloc() {
    // glibc makes up to eight arenas a core and keeps the free end of each: 64 MiB once a large
    // block was freed, and malloc_trim leaves it alone. A million new series of one field left
    // 130 to 180 MB behind so; like this it is 12.
    ::mallopt(M_ARENA_MAX, 4);
    // Set, they do not grow. What is larger comes from the system and goes back there; below, the
    // buffers of a batch would be mapped anew each time.
    ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

// No properties file of Poco's: the configuration is ours.
void Varved::initialize(Poco::Util::Application &) {}

void Varved::defineOptions(Poco::Util::OptionSet &options) {
    using Poco::Util::Option;
    options.addOption(Option("help", "h", "Shows this help."));
    options.addOption(Option("version", "v", "Shows the version."));
    options.addOption(Option("config", "c", "Reads this configuration file (and conf.d beside it).")
                          .argument("FILE"));
    options.addOption(
        Option("data-dir", "d", "Keeps everything here (= server.data_dir).").argument("DIR"));
    options.addOption(
        Option("http", "", "Listens here (= http.bind_address).").argument("ADDR:PORT"));
    options.addOption(Option("set", "s", "Sets a configuration key; may be repeated.")
                          .repeatable(true)
                          .argument("KEY=VALUE"));
    options.addOption(Option("check-config", "", "Checks the configuration and ends."));
    options.addOption(
        Option("print-config", "", "Prints every key with its value and origin, and ends."));
}

void Varved::handleOption(const std::string &name, const std::string &value) {
    if (name == "help") show_help_ = true;
    if (name == "version") show_version_ = true;
    if (name == "check-config") check_config_ = true;
    if (name == "print-config") print_config_ = true;
    if (show_help_ || show_version_) stopOptionsProcessing();
    if (name == "config") {
        sources_.file = value;
        const size_t slash = value.rfind('/');
        sources_.conf_dir = (slash == std::string::npos ? "." : value.substr(0, slash)) + "/conf.d";
    }
    if (name == "data-dir") sources_.flags.emplace_back("server.data_dir", value);
    if (name == "http") sources_.flags.emplace_back("http.bind_address", value);
    if (name == "set") {
        const size_t equals = value.find('=');
        if (equals == std::string::npos) {
            throw Poco::InvalidArgumentException("--set wants key=value, got " + value);
        }
        sources_.flags.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    }
}

int Varved::main(const std::vector<std::string> &arguments) {
    if (show_help_) {
        Poco::Util::HelpFormatter formatter(options());
        formatter.setCommand("varved");
        formatter.setUsage(
            "[--config FILE] [--data-dir DIR] [--http ADDR:PORT] [--set KEY=VALUE]…");
        formatter.setHeader("The Varve metrics server.");
        formatter.format(std::cout);
        return EXIT_OK;
    }
    if (show_version_) {
        std::printf("varved %s\n", VARVE_VERSION);
        return EXIT_OK;
    }
    if (!arguments.empty()) {
        std::fprintf(stderr, "varved: unexpected argument \"%s\"; see --help\n",
                     arguments[0].c_str());
        return EXIT_USAGE;
    }
    for (char **variable = environ; *variable != nullptr; ++variable) {
        sources_.environment.emplace_back(*variable);
    }
    App app(sources_);
    if (const Status status = app.prepare(); !status.ok()) return fail(status);
    if (print_config_) {
        std::fputs(app.config().print().c_str(), stdout);
        return EXIT_OK;
    }
    if (check_config_) {
        std::puts("configuration ok");
        return EXIT_OK;
    }
    return serve(app);
}

int Varved::serve(App &app) {
    if (const Status status = app.start(); !status.ok()) return fail(status);
    std::printf("listening http=%s\n", app.http_address().c_str());
    std::fflush(stdout);
    notify_service_manager("READY=1\nSTATUS=running");
    wait_for_signals(app);
    notify_service_manager("STOPPING=1\nSTATUS=draining");
    app.stop();
    return EXIT_OK;
}

void Varved::wait_for_signals(App &app) {
    const sigset_t set = handled_signals();
    for (int number = 0; ::sigwait(&set, &number) == 0;) {
        if (number != SIGHUP) return;
        notify_service_manager("RELOADING=1");
        if (const Status status = app.reload(); !status.ok()) {
            std::fprintf(stderr, "varved: reload failed, nothing changed: %s\n",
                         status.text().c_str());
        }
        notify_service_manager("READY=1");
    }
}

}  // namespace varve
