// JSON answers of the admin routes.
#pragma once

#include <string>
#include <string_view>

#include <Poco/JSON/Object.h>

#include "kernel/http/router.hpp"

namespace varve {

void answer_json(http::ResponseWriter &writer, const Poco::JSON::Object &object);

// Poco writes strings as they are: what is no UTF-8 would make the document unreadable.
std::string printable(std::string_view text);

}  // namespace varve
