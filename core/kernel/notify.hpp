// systemd's notification protocol, spoken directly (man sd_notify).
#pragma once

#include <string_view>

namespace varve {

// Sends "READY=1", "STOPPING=1", "STATUS=…" to $NOTIFY_SOCKET; does nothing without one.
void notify_service_manager(std::string_view state);

}  // namespace varve
