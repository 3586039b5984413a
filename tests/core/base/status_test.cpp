// Status at the ABI: texts of any bytes become UTF-8 that fits the record.
#include <gtest/gtest.h>

#include <string>

#include "base/status.hpp"

namespace varve {
namespace {

std::string at_abi(const std::string &text) {
    varve_error error = abi_error();
    EXPECT_EQ(Status(Code::not_found, text).to_abi(&error), VARVE_NOT_FOUND);
    EXPECT_EQ(error.code, static_cast<uint32_t>(VARVE_NOT_FOUND));
    return error.text;
}

TEST(Status, KnowsItsCodeAndText) {
    EXPECT_TRUE(Status().ok());
    EXPECT_TRUE(Status(Code::ok, "nothing to say").ok());
    EXPECT_EQ(Status(Code::ok, "nothing to say").text(), "");
    const Status status(Code::timeout, "late");
    EXPECT_EQ(status.with_context("reading").text(), "reading: late");
    EXPECT_EQ(status.with_context("reading").code(), Code::timeout);
    EXPECT_TRUE(Status().with_context("reading").ok());
}

TEST(Status, ComesBackFromTheAbi) {
    varve_error error = abi_error();
    const int32_t code = Status(Code::conflict, "two of them").to_abi(&error);
    const Status back = Status::from_abi(code, error);
    EXPECT_EQ(back.code(), Code::conflict);
    EXPECT_EQ(back.text(), "two of them");
    EXPECT_TRUE(Status::from_abi(VARVE_OK, error).ok());
    EXPECT_EQ(Status(Code::conflict, "").to_abi(nullptr), VARVE_CONFLICT);
    varve_error untouched = abi_error();
    EXPECT_EQ(Status().to_abi(&untouched), VARVE_OK);
    EXPECT_STREQ(untouched.text, "");
}

TEST(Status, BytesOutsideUtf8AreEscaped) {
    EXPECT_EQ(at_abi("grün €𝄞"), "grün €𝄞");
    EXPECT_EQ(at_abi("a\xff"
                     "b"),
              "a\\xffb");
    EXPECT_EQ(at_abi(std::string("a\0b", 3)), "a\\x00b");
    EXPECT_EQ(at_abi("\xc0\xaf"), "\\xc0\\xaf");    // longer than needed
    EXPECT_EQ(at_abi("\xc3"), "\\xc3");             // cut off
    EXPECT_EQ(at_abi("\xe2\x82z"), "\\xe2\\x82z");  // broken in the middle
    EXPECT_EQ(at_abi("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

// As many times 'a', then the ending.
std::string filled(size_t count, std::string_view ending = {}) {
    std::string text;
    while (text.size() < count) text += 'a';
    text += ending;
    return text;
}

TEST(Status, LongTextsAreCutAtACodePoint) {
    constexpr size_t kRoom = sizeof(varve_error::text) - 1;
    EXPECT_EQ(at_abi(filled(kRoom)), filled(kRoom));
    EXPECT_EQ(at_abi(filled(kRoom + 1)), filled(kRoom));
    EXPECT_EQ(at_abi(filled(kRoom - 1, "€")), filled(kRoom - 1));
    EXPECT_EQ(at_abi(filled(kRoom - 3, "€€")), filled(kRoom - 3, "€"));
    EXPECT_EQ(at_abi(filled(kRoom - 3, "\xff")), filled(kRoom - 3));
}

TEST(Result, HoldsAValueOrAReason) {
    Result<std::string> value(std::string("x"));
    EXPECT_TRUE(value.ok());
    EXPECT_EQ(*value, "x");
    EXPECT_EQ(value->size(), 1u);
    EXPECT_EQ(value.code(), Code::ok);
    const Result<std::string> reason(Status(Code::cancelled, "enough"));
    EXPECT_FALSE(reason.ok());
    EXPECT_EQ(reason.code(), Code::cancelled);
    EXPECT_EQ(reason.status().text(), "enough");
}

Status first_failure(int at) {
    VARVE_RETURN_IF_ERROR(at == 1 ? Status(Code::internal, "one") : Status());
    VARVE_RETURN_IF_ERROR(at == 2 ? Status(Code::internal, "two") : Status());
    return {};
}

TEST(Status, ReturnIfErrorStopsAtTheFirst) {
    EXPECT_EQ(first_failure(1).text(), "one");
    EXPECT_EQ(first_failure(2).text(), "two");
    EXPECT_TRUE(first_failure(3).ok());
}

}  // namespace
}  // namespace varve
