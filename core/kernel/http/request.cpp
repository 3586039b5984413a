#include <algorithm>

#include "kernel/http/codec/text.hpp"
#include "kernel/http/codec/url.hpp"
#include "kernel/http/http.hpp"

namespace varve::http {
namespace {

const std::string *first_value(const Parameters &params, std::string_view name) {
    const auto found =
        std::find_if(params.begin(), params.end(), [&](const auto &p) { return p.first == name; });
    return found == params.end() ? nullptr : &found->second;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const Header &item : headers_) {
        if (equals_ignoring_case(item.name, name)) return item.value;
    }
    return std::nullopt;
}

std::optional<std::string_view> Request::query_param(std::string_view name) {
    if (!query_decoded_) {
        query_decoded_ = true;
        parse_urlencoded(query_, query_params_);
    }
    const std::string *value = first_value(query_params_, name);
    return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

std::optional<std::string_view> Request::param(std::string_view name) {
    if (!form_decoded_) {
        form_decoded_ = true;
        const std::string_view type = header("content-type").value_or("");
        const std::string_view media = trimmed_blanks(type.substr(0, type.find(';')));
        const std::span<char> bytes = body_.bytes();
        const std::string_view text(bytes.data(), bytes.size());
        if ((method_ & (kPost | kPut | kPatch)) == 0) {
            // Other methods have no form.
        } else if (equals_ignoring_case(media, "application/x-www-form-urlencoded")) {
            parse_urlencoded(text, form_params_);
        } else if (equals_ignoring_case(media, "multipart/form-data")) {
            parse_multipart(type, text, form_params_);
        }
    }
    if (const std::string *value = first_value(form_params_, name)) return *value;
    return query_param(name);
}

void Request::set_method(std::string_view name) {
    static constexpr std::pair<std::string_view, uint32_t> kNames[] = {
        {"GET", kGet},     {"POST", kPost}, {"PUT", kPut},        {"DELETE", kDelete},
        {"PATCH", kPatch}, {"HEAD", kHead}, {"OPTIONS", kOptions}};
    method_name_ = name;
    method_ = 0;
    for (const auto &[text, bit] : kNames) {
        if (text == name) method_ = bit;
    }
}

bool Request::set_target(std::string target) {
    auto parts = parse_target(std::move(target));
    if (!parts) return false;
    target_ = std::move(parts->origin);
    path_ = std::move(parts->path);
    query_ = std::string_view(target_).substr(parts->query_at);
    query_decoded_ = false;
    query_params_.clear();
    return true;
}

void Request::add_header(std::string name, std::string value) {
    headers_.push_back({std::move(name), std::move(value)});
}

void Request::set_connection(uint64_t id, std::string peer, bool is_tls) {
    connection_id_ = id;
    peer_ = std::move(peer);
    is_tls_ = is_tls;
}

void Request::set_principal(std::string name, std::shared_ptr<const void> credentials) {
    principal_ = std::move(name);
    credentials_ = std::move(credentials);
}

}  // namespace varve::http
