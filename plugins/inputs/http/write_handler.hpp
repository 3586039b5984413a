// POST /write and POST /api/v2/write.
#pragma once

#include <varve/cpp/host.hpp>

#include "common/line_protocol/sender_memories.hpp"
#include "inputs/http/figures.hpp"

namespace varve {

enum class WriteFace { v1, v2 };

// What writes work with; outlives all requests.
struct WriteParts {
    const Host &host;
    const HttpFigures &figures;
    line_protocol::SenderMemories &senders;
};

// Checks the parameters, parses the body, submits the batch, and answers when it is stored. [io,
// worker]
void handle_write(const WriteParts &parts, const varve_http_request *request,
                  varve_http_response *response, WriteFace face);

}  // namespace varve
