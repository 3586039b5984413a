#include "admin/json_answer.hpp"

#include <sstream>

#include <varve/cpp/bytes.hpp>

namespace varve {

void answer_json(http::ResponseWriter &writer, const Poco::JSON::Object &object) {
    std::ostringstream text;
    object.stringify(text);
    text << '\n';
    writer.set_header("Content-Type", "application/json");
    writer.send(text.str());
}

std::string printable(std::string_view text) {
    std::string out(text.size() * 4 + 1, '\0');
    detail::append_printable(text, out.data(), out.size());
    out.resize(out.find('\0'));
    return out;
}

}  // namespace varve
