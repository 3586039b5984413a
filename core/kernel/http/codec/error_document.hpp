// An error as a document of InfluxDB's: JSON, CSV or MessagePack.
#pragma once

#include <string>
#include <string_view>

namespace varve::http {

// What such a document says, at most bytes_max bytes of it; empty if it is none.
std::string error_text(std::string_view document, size_t bytes_max);

// The document in one of answer_format()'s forms.
std::string error_document(std::string_view format, std::string_view text);
// Its Content-Type.
std::string_view document_type(std::string_view format);

}  // namespace varve::http
