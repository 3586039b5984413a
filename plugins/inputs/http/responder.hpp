// Short answers in InfluxDB's form.
#pragma once

#include <string>
#include <string_view>

#include <varve/cpp/host.hpp>

namespace varve {

// Answers one request. The response belongs to it until it is sent.
class Responder {
  public:
    Responder(const Host &host, varve_http_response *response)
        : host_(host), http_(host.http()), response_(response) {}

    std::string_view header(const varve_http_request *request, const char *name) const {
        return view(http_->request_header(request, name));
    }
    // Of the query string or a form body; empty if absent.
    std::string_view param(const varve_http_request *request, const char *name) const {
        return view(http_->request_param(request, name));
    }
    std::string_view query_param(const varve_http_request *request, const char *name) const {
        return view(http_->request_query_param(request, name));
    }

    void send(uint32_t status) const {
        http_->set_status(response_, status);
        http_->set_header(response_, "Content-Type", str("application/json"));
        http_->send(response_, nullptr, 0);
    }
    void send_text(uint32_t status, std::string_view text) const {
        http_->set_status(response_, status);
        http_->set_header(response_, "Content-Type", str("text/plain; charset=utf-8"));
        http_->set_header(response_, "X-Content-Type-Options", str("nosniff"));
        http_->send(response_, text.data(), text.size());
    }
    void send_json(uint32_t status, std::string_view json) const {
        http_->set_status(response_, status);
        http_->set_header(response_, "Content-Type", str("application/json"));
        const std::string line = std::string(json) + '\n';
        http_->send(response_, line.data(), line.size());
    }
    // {"error":"…"}; the service repeats the text in X-Influxdb-Error.
    void send_error(uint32_t status, std::string_view text) const {
        if (status == 503) http_->set_header(response_, "Retry-After", str("1"));
        send_json(status, "{\"error\":\"" + escaped(text) + "\"}");
    }

    // An error that refuses the whole request: counted in varve_http_refused_total by its reason.
    void refuse(uint32_t status, const char *reason, std::string_view text) const {
        count_refusal(host_, reason);
        send_error(status, text);
    }
    static void count_refusal(const Host &host, const char *reason) {
        host.counter("varve_http_refused_total",
                     "Requests the HTTP service turned away, by reason.", {{"reason", reason}})
            .add();
    }

    // The inside of a JSON string as Go writes it; bytes that are no UTF-8 become U+FFFD.
    static std::string escaped(std::string_view text);

  private:
    Host host_;
    const varve_host_http *http_;
    varve_http_response *response_;
};

}  // namespace varve
