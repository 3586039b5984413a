#include "query/languages/influxql/syntax/params.hpp"

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <charconv>

#include "model/duration.hpp"

namespace varve::query::influxql {

namespace {

using Poco::Dynamic::Var;

Param failure(std::string text) {
    return {Token::bound_parameter, std::move(text)};
}

std::string float_text(double value) {
    char text[400];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
    std::string out(text, end);
    return out;
}

std::string_view kind_of(const Var &value) {
    if (value.isEmpty()) return "<nil>";
    if (value.isString()) return "string";
    if (value.isBoolean()) return "bool";
    if (value.isNumeric()) return "json.Number";
    return value.type() == typeid(Poco::JSON::Object::Ptr) ? "map[string]interface {}"
                                                           : "[]interface {}";
}

Param bind_scalar(const Var &value) {
    if (value.isEmpty()) return failure("unable to bind parameter with type <nil>");
    if (value.isBoolean()) {
        return value.convert<bool>() ? Param{Token::true_literal, {}}
                                     : Param{Token::false_literal, {}};
    }
    if (value.isString()) return {Token::string, value.convert<std::string>()};
    if (value.isInteger()) return {Token::integer, value.convert<std::string>()};
    if (value.isNumeric()) return {Token::number, float_text(value.convert<double>())};
    return failure("unable to bind parameter with type " + std::string(kind_of(value)));
}

Param bind_kind(const std::string &kind, const Var &value) {
    const auto wrong = [&](std::string_view what) {
        return failure("invalid type for " + std::string(what) + ": " +
                       std::string(kind_of(value)));
    };
    const bool is_text = !value.isEmpty() && value.isString();
    const bool is_number = !value.isEmpty() && value.isNumeric() && !value.isBoolean();
    if (kind == "ident" || kind == "identifier") {
        return is_text ? Param{Token::identifier, value.convert<std::string>()}
                       : wrong("identifier");
    }
    if (kind == "regex") {
        return is_text ? Param{Token::regex, value.convert<std::string>()} : wrong("regex");
    }
    if (kind == "string") {
        return is_text ? Param{Token::string, value.convert<std::string>()} : wrong("string");
    }
    if (kind == "float" || kind == "number") {
        return is_number ? Param{Token::number, float_text(value.convert<double>())}
                         : wrong("number");
    }
    if (kind == "int" || kind == "integer") {
        if (!is_number) return wrong("integer");
        return {Token::integer, std::to_string(value.convert<int64_t>())};
    }
    if (kind == "duration") {
        if (is_text) return {Token::duration, value.convert<std::string>()};
        if (!is_number) return wrong("duration");
        return {Token::duration, format_influx_duration(value.convert<int64_t>())};
    }
    return failure("unknown bind object type: " + kind);
}

Param bind(const Var &value) {
    if (value.type() != typeid(Poco::JSON::Object::Ptr)) return bind_scalar(value);
    const auto &object = value.extract<Poco::JSON::Object::Ptr>();
    if (object->size() != 1) {
        return failure("bound object parameter value must have exactly one entry");
    }
    const auto &[kind, inner] = *object->begin();
    return bind_kind(kind, inner);
}

}  // namespace

Result<Params> parse_params(std::string_view json) {
    Params params;
    try {
        Poco::JSON::Parser parser;
        const Var root = parser.parse(std::string(json));
        if (root.type() != typeid(Poco::JSON::Object::Ptr)) {
            return Status(Code::invalid_argument,
                          "error parsing query parameters: a JSON object is expected");
        }
        for (const auto &[name, value] : *root.extract<Poco::JSON::Object::Ptr>()) {
            params[name] = bind(value);
        }
    } catch (const std::exception &error) {
        return Status(Code::invalid_argument,
                      std::string("error parsing query parameters: ") + error.what());
    }
    return params;
}

}  // namespace varve::query::influxql
