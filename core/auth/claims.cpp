#include "auth/claims.hpp"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

namespace varve::auth {
namespace {

Result<Poco::JSON::Object::Ptr> parse_object(std::string_view json) {
    try {
        Poco::JSON::Parser parser;
        const Poco::Dynamic::Var parsed = parser.parse(std::string(json));
        if (parsed.type() == typeid(Poco::JSON::Object::Ptr)) {
            return parsed.extract<Poco::JSON::Object::Ptr>();
        }
    } catch (const Poco::Exception &) {  // said below
    }
    return Status(Code::invalid_argument, "token contains malformed JSON");
}

std::optional<std::string> text_of(const Poco::JSON::Object &object, const char *name) {
    const Poco::Dynamic::Var value = object.get(name);
    if (value.isEmpty() || !value.isString()) return std::nullopt;
    return value.extract<std::string>();
}

std::optional<double> number_of(const Poco::JSON::Object &object, const char *name) {
    const Poco::Dynamic::Var value = object.get(name);
    if (value.isEmpty() || value.isBoolean() || !value.isNumeric()) return std::nullopt;
    return value.convert<double>();
}

}  // namespace

Result<std::optional<std::string>> read_algorithm(std::string_view json) {
    const auto object = parse_object(json);
    if (!object.ok()) return object.status();
    return text_of(**object, "alg");
}

Result<Claims> read_claims(std::string_view json) {
    const auto object = parse_object(json);
    if (!object.ok()) return object.status();
    return Claims{number_of(**object, "exp"), number_of(**object, "nbf"),
                  number_of(**object, "iat"), text_of(**object, "username")};
}

}  // namespace varve::auth
