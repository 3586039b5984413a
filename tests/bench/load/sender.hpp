// Sends bodies to an InfluxDB-like server over keep-alive HTTP and times each of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace varve::bench {

struct SendOptions {
    int port = 8086;
    std::string path = "/write?db=bench";
    int workers = 4;
    double batches_per_second = 0;  // all workers together; 0 = as fast as the server takes them
};

struct Sent {
    double seconds = 0;
    uint64_t failed = 0;  // answers that were not 204
    std::string first_failure;
    // Of each batch, sorted. A paced batch's time counts from when it was due, so that a stall is
    // seen by all batches that it delayed.
    std::vector<double> latencies_s;
};

// Ends the program if the server cannot be reached.
Sent send_batches(const std::vector<std::string> &batches, const SendOptions &options);

}  // namespace varve::bench
