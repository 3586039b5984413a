// The HTTP service's options, named as in the configuration's section [http], with their defaults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace varve::http {

struct Options {
    std::string bind_address =
        ":8086";                   // host:port, [v6]:port, :port = all interfaces; port 0 = any
    std::string unix_socket_path;  // empty = none
    uint32_t unix_socket_mode = 0660;
    std::string tls_certificate_file;  // PEM, with the chain; empty = plain HTTP
    std::string tls_key_file;          // PEM; empty = the certificate's file

    unsigned io_threads = 0;             // 0 = max(8, 2 x cores)
    unsigned worker_threads = 0;         // 0 = cores; without an Executor hook only
    size_t worker_queue_max = 1024;      // requests waiting for a worker; beyond it 503. Likewise
    size_t in_place_body_max = 1 << 20;  // SHORT routes with bigger bodies go to a worker

    size_t connections_max =
        0;  // 0 = the process's file limit less 1024 (half of a small one), at most 65,536
    size_t body_size_max = 25'000'000;     // encoded and decoded; beyond it 413
    size_t body_memory_max = 512 << 20;    // bytes of all bodies in flight; beyond it 503
    size_t body_cache_max = 32 << 20;      // bytes of body buffers kept for reuse
    size_t header_size_max = 80 * 1024;    // all header lines of a request; beyond it 431
    size_t target_size_max = 68 * 1024;    // path and query; beyond it 414
    size_t stream_buffer_max = 256 << 10;  // bytes of a streamed answer waiting for the client

    int64_t handshake_timeout_ms = 10'000;
    int64_t header_timeout_ms = 10'000;  // from a request's first byte to the end of its header
    int64_t body_timeout_ms = 20'000;    // for a body, plus what rate_min gives
    int64_t write_timeout_ms = 30'000;   // for an answer, plus what rate_min gives
    int64_t idle_timeout_ms = 180'000;   // between requests
    size_t rate_min = 4096;              // bytes per second a client must send or take

    bool compression = true;  // gzip answers to clients that accept it
    // What routes with INFLUX answer in X-Influxdb-Version and X-Influxdb-Build.
    std::string influx_version = "1.8.10";
    std::string influx_build = "OSS";
    std::vector<std::pair<std::string, std::string>> headers;  // of every answer of a handler
    unsigned retry_after_s = 1;                                // the header Retry-After of a 503
};

}  // namespace varve::http
