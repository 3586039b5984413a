#include "inputs/graphite/graphite_input.hpp"

namespace varve {
namespace {

constexpr varve_config_key kKeys[] = {
    {"bind_address", "\"127.0.0.1:2003\"", "Address and port that receive Graphite lines.",
     VARVE_CONFIG_STRING, 0},
    {"protocol", "\"both\"", "Transports: both, tcp or udp.", VARVE_CONFIG_STRING, 0},
    {"database", "\"graphite\"", "Where rows go; made when it is missing.", VARVE_CONFIG_STRING, 0},
    {"retention_policy", "\"\"", "Its policy; empty = the database's default.", VARVE_CONFIG_STRING,
     0},
    {"templates", "[]", "What paths mean: \"[filter] template [tag=value,...]\".",
     VARVE_CONFIG_STRINGS, 0},
    {"tags", "[]", "Tags \"k=v\" of every row that has no k.", VARVE_CONFIG_STRINGS, 0},
    {"separator", "\".\"", "Joins parts of a path that become one name.", VARVE_CONFIG_STRING, 0},
    {"batch_size", "5000", "Lines that make a batch due.", VARVE_CONFIG_INTEGER, 0},
    {"batch_timeout", "\"1s\"", "Age that makes a batch due.", VARVE_CONFIG_DURATION, 0},
    {"batch_pending", "10", "Batches under way; beyond it nothing is received.",
     VARVE_CONFIG_INTEGER, 0},
    {"read_buffer", "0", "The UDP socket's receive buffer; 0 = the system's default.",
     VARVE_CONFIG_SIZE, 0},
    {"connections_max", "1000", "TCP connections at a time; more are refused and counted.",
     VARVE_CONFIG_INTEGER, 0},
    {"line_size_max", "\"64KiB\"", "Longer lines are rejected; the connection is kept.",
     VARVE_CONFIG_SIZE, 0},
    {"idle_timeout", "\"0s\"", "Closes TCP connections that say nothing for so long; 0s = never.",
     VARVE_CONFIG_DURATION, 0},
    {"durability", "\"interval=100ms\"",
     "When a batch counts as stored: always, interval=100ms, os; empty = the database's.",
     VARVE_CONFIG_STRING, 0},
};

// Reads an integer that must not be below `min`.
Status read_integer(const Host &host, const char *key, int64_t min, int64_t &out) {
    const auto value = host.config_integer(key);
    if (!value.ok()) return value.status();
    if (*value < min) {
        return {Code::invalid_argument,
                std::string(key) + " must be at least " + std::to_string(min)};
    }
    out = *value;
    return {};
}

Status read_listener_options(const Host &host, GraphiteListenerOptions &out) {
    const auto bind_address = host.config_string("bind_address");
    if (!bind_address.ok()) return bind_address.status();
    const auto protocol = host.config_string("protocol");
    if (!protocol.ok()) return protocol.status();
    if (*protocol != "both" && *protocol != "tcp" && *protocol != "udp") {
        return {Code::invalid_argument, "protocol \"" + *protocol + "\" is none of both, tcp, udp"};
    }
    out.bind_address = *bind_address;
    out.tcp = *protocol != "udp";
    out.udp = *protocol != "tcp";
    int64_t connections_max = 0;
    int64_t line_size_max = 0;
    VARVE_RETURN_IF_ERROR(read_integer(host, "read_buffer", 0, out.read_buffer));
    VARVE_RETURN_IF_ERROR(read_integer(host, "connections_max", 1, connections_max));
    VARVE_RETURN_IF_ERROR(read_integer(host, "line_size_max", 1, line_size_max));
    VARVE_RETURN_IF_ERROR(read_integer(host, "idle_timeout", 0, out.idle_timeout_ns));
    out.connections_max = static_cast<size_t>(connections_max);
    out.line_size_max = static_cast<size_t>(line_size_max);
    return {};
}

Status read_codec_options(const Host &host, graphite_text::Options &out) {
    auto templates = host.config_strings("templates");
    if (!templates.ok()) return templates.status();
    auto tags = host.config_strings("tags");
    if (!tags.ok()) return tags.status();
    auto separator = host.config_string("separator");
    if (!separator.ok()) return separator.status();
    out.templates = std::move(*templates);
    out.tags = std::move(*tags);
    if (!separator->empty()) out.separator = std::move(*separator);
    out.hash_seed = host.writer()->hash_seed(host.raw());
    return {};
}

}  // namespace

const varve_descriptor &GraphiteInput::descriptor() {
    static const varve_descriptor made = {
        sizeof made, VARVE_KIND_INPUT, "inputs.graphite",
        "Graphite",  "1.0.0",          "Graphite's plaintext protocol over TCP and UDP.",
        kKeys,       std::size(kKeys), 0};
    return made;
}

Status GraphiteInput::start() {
    if (host_.writer() == nullptr || host_.tasks() == nullptr) {
        return {Code::failed_precondition, "the host offers no writes or tasks"};
    }
    GraphiteListenerOptions options;
    VARVE_RETURN_IF_ERROR(read_listener_options(host_, options));
    const auto batcher_options = read_batcher_options(host_);
    if (!batcher_options.ok()) return batcher_options.status();
    graphite_text::Options codec_options;
    codec_options.line_size_max = options.line_size_max;
    VARVE_RETURN_IF_ERROR(read_codec_options(host_, codec_options));
    auto codec = graphite_text::Codec::make(codec_options);
    if (!codec.ok()) return codec.status();

    auto listener = std::make_unique<GraphiteListener>(host_, std::move(options), *batcher_options,
                                                       std::move(*codec));
    VARVE_RETURN_IF_ERROR(listener->open());
    std::string addresses = listener->addresses();  // its task owns the sockets from here on
    varve_error error = abi_error();
    const int32_t code = host_.tasks()->spawn(
        host_.raw(), "graphite", [](void *ctx) { static_cast<GraphiteListener *>(ctx)->run(); },
        listener.get(), &task_, &error);
    if (code != VARVE_OK) {
        task_ = nullptr;
        return Status::from_abi(code, error);
    }
    addresses_ = std::move(addresses);
    listener_ = std::move(listener);
    return {};
}

void GraphiteInput::stop() {
    if (task_ != nullptr) {
        listener_->request_stop();
        host_.tasks()->join(task_);
        task_ = nullptr;
    }
    listener_.reset();
}

}  // namespace varve
