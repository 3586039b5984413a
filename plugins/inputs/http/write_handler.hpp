// POST /write and POST /api/v2/write.
#pragma once

#include <varve/cpp/host.hpp>

#include "common/line_protocol/sender_memories.hpp"

namespace varve {

enum class WriteFace { v1, v2 };

// Checks the parameters, parses the body, submits the batch, and answers when it is stored. The
// senders' memories outlive all requests. [io, worker]
void handle_write(const Host &host, line_protocol::SenderMemories &senders,
                  const varve_http_request *request, varve_http_response *response, WriteFace face);

}  // namespace varve
