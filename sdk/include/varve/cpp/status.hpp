// The one status value of Varve, in plugins and in the core: a code and, unless ok, a text.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../status.h"

namespace varve {

// Closed set of codes, the same numbers as at the ABI (status.h says what each means).
enum class Code : int32_t {
    ok = VARVE_OK,
    invalid_argument = VARVE_INVALID_ARGUMENT,
    not_found = VARVE_NOT_FOUND,
    already_exists = VARVE_ALREADY_EXISTS,
    unauthenticated = VARVE_UNAUTHENTICATED,
    permission_denied = VARVE_PERMISSION_DENIED,
    resource_exhausted = VARVE_RESOURCE_EXHAUSTED,
    failed_precondition = VARVE_FAILED_PRECONDITION,
    unavailable = VARVE_UNAVAILABLE,
    timeout = VARVE_TIMEOUT,
    cancelled = VARVE_CANCELLED,
    data_loss = VARVE_DATA_LOSS,
    io_error = VARVE_IO_ERROR,
    unsupported = VARVE_UNSUPPORTED,
    internal = VARVE_INTERNAL,
    end = VARVE_END,
    conflict = VARVE_CONFLICT,
    snapshot_expired = VARVE_SNAPSHOT_EXPIRED,
    too_large = VARVE_TOO_LARGE,
};

// ok costs one null pointer; everything else carries its text. A value: copy and move freely.
class [[nodiscard]] Status {
  public:
    Status() = default;
    Status(Code code, std::string text) {
        if (code != Code::ok) error_ = std::make_shared<const Error>(code, std::move(text));
    }

    bool ok() const { return error_ == nullptr; }
    Code code() const { return error_ ? error_->code : Code::ok; }
    const std::string &text() const {
        static const std::string empty;
        return error_ ? error_->text : empty;
    }

    // The same status with "<context>: " in front of its text.
    Status with_context(std::string_view context) const {
        return ok() ? *this : Status(code(), std::string(context) + ": " + text());
    }

    // Reads the record that a call at the ABI filled.
    static Status from_abi(int32_t code, const varve_error &error) {
        return code == VARVE_OK ? Status() : Status(static_cast<Code>(code), error.text);
    }

    // Fills the caller's record (may be null) and returns the code.
    int32_t to_abi(varve_error *error) const;

  private:
    struct Error {
        Error(Code c, std::string t) : code(c), text(std::move(t)) {}
        Code code;
        std::string text;
    };
    std::shared_ptr<const Error> error_;
};

// A value or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
    Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const { return value_.has_value(); }
    const Status &status() const { return status_; }
    Code code() const { return status_.code(); }
    T &operator*() { return *value_; }
    const T &operator*() const { return *value_; }
    T *operator->() { return &*value_; }
    const T *operator->() const { return &*value_; }

  private:
    std::optional<T> value_;
    Status status_;
};

namespace detail {
// Appends text as UTF-8 that fits: bytes that are no UTF-8 become \xNN, a code point is never cut.
inline void append_printable(std::string_view text, char *out, size_t capacity) {
    size_t used = 0;
    const auto put = [&](std::string_view piece) {
        if (used + piece.size() >= capacity) return false;
        std::memcpy(out + used, piece.data(), piece.size());
        used += piece.size();
        return true;
    };
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        size_t length = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
        if (length == 0 || i + length > text.size()) length = 0;
        for (size_t k = 1; k < length; ++k) {
            if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) length = 0;
        }
        if (length != 0 && lead != 0) {
            if (!put(text.substr(i, length))) break;
            i += length;
        } else {
            static const char digits[] = "0123456789abcdef";
            const char escaped[4] = {'\\', 'x', digits[lead >> 4], digits[lead & 15]};
            if (!put({escaped, 4})) break;
            ++i;
        }
    }
    out[used] = '\0';
}
}  // namespace detail

inline int32_t Status::to_abi(varve_error *error) const {
    const auto number = static_cast<int32_t>(code());
    if (number != VARVE_OK && error != nullptr) {
        error->code = static_cast<uint32_t>(number);
        detail::append_printable(text(), error->text, sizeof error->text);
    }
    return number;
}

// An empty record to hand to a call at the ABI.
inline varve_error abi_error() {
    varve_error error;
    error.struct_size = sizeof error;
    error.code = VARVE_OK;
    error.text[0] = '\0';
    return error;
}

}  // namespace varve

// Returns from the calling function with the status if it is not ok. May be nested (in a lambda
// inside the expression), hence the counted name.
#define VARVE_RETURN_IF_ERROR(expression) VARVE_RETURN_IF_ERROR_AS(expression, __COUNTER__)
#define VARVE_RETURN_IF_ERROR_AS(expression, number) VARVE_RETURN_IF_ERROR_AS2(expression, number)
#define VARVE_RETURN_IF_ERROR_AS2(expression, number) \
    VARVE_RETURN_IF_ERROR_NAMED(expression, varve_status_##number##_)
#define VARVE_RETURN_IF_ERROR_NAMED(expression, name)                     \
    do {                                                                  \
        if (::varve::Status name = (expression); !name.ok()) return name; \
    } while (false)
