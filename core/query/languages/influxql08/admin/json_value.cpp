#include "query/languages/influxql08/admin/json_value.hpp"

#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

namespace varve::query::influxql08 {

namespace {

using Poco::Dynamic::Var;
using Kind = JsonValue::Kind;

JsonValue converted(const Var &from) {
    JsonValue out;
    out.kind = Kind::null;
    if (from.isEmpty()) return out;
    if (from.type() == typeid(Poco::JSON::Object::Ptr)) {
        out.kind = Kind::object;
        const auto object = from.extract<Poco::JSON::Object::Ptr>();
        for (const auto &[name, value] : *object) out.members[name] = converted(value);
    } else if (from.type() == typeid(Poco::JSON::Array::Ptr)) {
        out.kind = Kind::list;
        const auto array = from.extract<Poco::JSON::Array::Ptr>();
        for (const Var &value : *array) out.items.push_back(converted(value));
    } else if (from.isString()) {
        out.kind = Kind::text;
        out.text = from.convert<std::string>();
    } else if (from.isBoolean()) {
        out.kind = Kind::boolean;
        out.flag = from.convert<bool>();
    } else {
        out.kind = Kind::number;
        out.number = from.convert<double>();
    }
    return out;
}

}  // namespace

const JsonValue &JsonValue::at(const std::string &name) const {
    static const JsonValue absent;
    const auto found = members.find(name);
    return found == members.end() ? absent : found->second;
}

Result<JsonValue> parse_json(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return Status(Code::invalid_argument, "EOF");
    }
    try {
        Poco::JSON::Parser parser;
        return converted(parser.parse(std::string(text)));
    } catch (const Poco::Exception &error) {
        return Status(Code::invalid_argument, "invalid JSON: " + error.displayText());
    } catch (const std::exception &error) {
        return Status(Code::invalid_argument, std::string("invalid JSON: ") + error.what());
    }
}

}  // namespace varve::query::influxql08
