// Content codings of requests, parameters, targets and small header texts.
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <set>

#include "core/kernel/http/client.hpp"
#include "kernel/http/codec/compress.hpp"
#include "kernel/http/codec/content_coding.hpp"
#include "kernel/http/codec/error_document.hpp"
#include "kernel/http/codec/text.hpp"
#include "kernel/http/codec/url.hpp"

namespace varve::http::test {
namespace {

std::string deflated(const std::string &text, int window_bits) {
    z_stream z{};
    deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&z, text.size()) + 64, '\0');
    z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef *>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, Z_FINISH);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}

std::string gzipped(const std::string &text) {
    return deflated(text, 15 + 16);
}

std::string zstd_coded(const std::string &text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

// Without the length of the content in the frame's header.
std::string zstd_streamed(const std::string &text) {
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
    ZSTD_freeCCtx(context);
    return out;
}

std::string some_text(size_t size) {
    std::string text;
    for (size_t i = 0; text.size() < size; ++i)
        text += "cpu,host=h" + std::to_string(i % 97) + " v=1i\n";
    text.resize(size);
    return text;
}

TEST(HttpCodec, EveryCodingOfABodyIsRemoved) {
    TestServer server;
    Client client(server.port());
    for (const size_t size : {1u, 100u, 70'000u, 5'000'000u}) {
        const std::string text = some_text(size);
        const std::string expected = std::to_string(size) + " " + std::to_string(checksum(text));
        const std::pair<const char *, std::string> cases[] = {
            {"gzip", gzipped(text)},
            {"x-gzip", gzipped(text)},
            {"GZIP", gzipped(text.substr(0, size / 2)) + gzipped(text.substr(size / 2))},
            {"deflate", deflated(text, 15)},
            {"deflate", deflated(text, -15)},
            {"zstd", zstd_coded(text)},
            {"zstd", zstd_streamed(text)},
            {"zstd", zstd_coded(text.substr(0, size / 2)) + zstd_coded(text.substr(size / 2))},
            {"identity", text},
            {"snappy", text},
        };
        for (const auto &[name, body] : cases) {
            const Answer answer = client.request(
                post("/size", body, std::string("Content-Encoding: ") + name + "\r\n"));
            EXPECT_EQ(answer.body, expected) << name << " " << size;
        }
    }
    EXPECT_EQ(server.metrics.refused_in_all(), 0);
}

TEST(HttpCodec, BombsAreStoppedAndCounted) {
    Options options;
    options.body_size_max = 1'000'000;
    TestServer server(options);
    const std::string exact = some_text(1'000'000);
    const std::string more = some_text(1'000'001);
    const std::string zeros(300'000'000, '\0');
    std::string lying = gzipped(zeros);
    lying.replace(lying.size() - 4, 4, std::string("\x10\0\0\0", 4));  // says it holds 16 bytes
    int refused = 0;
    const auto send = [&](const std::string &coding, const std::string &body) {
        Client client(server.port());
        return client.request(post("/size", body, "Content-Encoding: " + coding + "\r\n"));
    };
    EXPECT_EQ(send("gzip", gzipped(exact)).status, 200u);
    EXPECT_EQ(send("deflate", deflated(exact, 15)).status, 200u);
    EXPECT_EQ(send("zstd", zstd_coded(exact)).status, 200u);
    EXPECT_EQ(send("zstd", zstd_streamed(exact)).status, 200u);
    const std::pair<const char *, std::string> bombs[] = {
        {"gzip", gzipped(more)},        {"deflate", deflated(more, -15)},
        {"zstd", zstd_coded(more)},     {"zstd", zstd_streamed(more)},
        {"gzip", gzipped(zeros)},       {"gzip", lying},
        {"zstd", zstd_streamed(zeros)}, {"deflate", deflated(zeros, 15)}};
    for (const auto &[coding, body] : bombs) {
        const Answer answer = send(coding, body);
        EXPECT_EQ(answer.status, 413u) << coding << " " << body.size();
        EXPECT_EQ(answer.body, "{\"error\":\"Request Entity Too Large\"}\n");
        EXPECT_EQ(server.metrics.refused_by(Refusal::decompressed_too_large), ++refused);
    }
    EXPECT_EQ(server.metrics.refused_in_all(), refused);
}

TEST(HttpCodec, EveryTruncationIsTheClientsFault) {
    const auto pool = std::make_shared<BodyPool>(1 << 24, 0);
    const std::string text = some_text(3000);
    const std::pair<Coding, std::string> cases[] = {{Coding::gzip, gzipped(text)},
                                                    {Coding::deflate, deflated(text, 15)},
                                                    {Coding::zstd, zstd_coded(text)},
                                                    {Coding::zstd, zstd_streamed(text)}};
    for (const auto &[coding, whole] : cases) {
        for (size_t size = 1; size < whole.size(); ++size) {
            BodyBuffer body;
            ASSERT_TRUE(pool->reserve(body, size));
            std::copy_n(whole.data(), size, body.space().data());
            body.commit(size);
            std::string error;
            const DecodeResult result = decode_body(coding, body, *pool, 1 << 20, error);
            ASSERT_EQ(result, DecodeResult::truncated) << size << " of " << whole.size();
            ASSERT_EQ(error, "unexpected EOF");
            ASSERT_EQ(body.size(), size);
        }
    }
    EXPECT_EQ(pool->in_flight(), 0u);
}

TEST(HttpCodec, DamagedBodiesAreRefusedAndCountedOnce) {
    TestServer server;
    Client client(server.port());
    const std::string whole = gzipped(some_text(3000));
    Answer answer = client.request(
        post("/size", whole.substr(0, whole.size() - 9), "Content-Encoding: gzip\r\n"));
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(answer.body, "{\"error\":\"unexpected EOF\"}\n");
    EXPECT_EQ(server.metrics.refused_by(Refusal::truncated_encoding), 1);
    answer = client.request(post("/size", "no gzip at all", "Content-Encoding: gzip\r\n"));
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(answer.body, "{\"error\":\"gzip: invalid header\"}\n");
    std::string damaged = whole;
    damaged[damaged.size() - 6] ^= 1;  // the checksum
    EXPECT_EQ(client.request(post("/size", damaged, "Content-Encoding: gzip\r\n")).status, 400u);
    EXPECT_EQ(client.request(post("/size", "xx", "Content-Encoding: gzip, zstd\r\n")).status, 400u);
    EXPECT_EQ(server.metrics.refused_by(Refusal::bad_encoding), 3);
    EXPECT_EQ(server.metrics.refused_in_all(), 4);
    EXPECT_EQ(client.request(get("/ping")).status, 204u) << "the connection is still good";
}

TEST(HttpCodec, ParametersComeFromTheFormFirst) {
    Request request;
    request.set_method("POST");
    ASSERT_TRUE(request.set_target("/query?q=url&db=a%20b+c&bad=%zz&x&=y&semi=a;b"));
    const auto pool = std::make_shared<BodyPool>(1 << 20, 0);
    BodyBuffer body;
    const std::string form = "q=form&q=second&p%3D=1";
    ASSERT_TRUE(pool->reserve(body, form.size()));
    std::copy(form.begin(), form.end(), body.space().data());
    body.commit(form.size());
    request.set_body(std::move(body));
    EXPECT_EQ(request.query_param("q"), "url");
    request.add_header("CONTENT-type", "application/x-www-form-urlencoded; charset=utf-8");
    EXPECT_EQ(request.param("q"), "form");
    EXPECT_EQ(request.query_param("q"), "url");
    EXPECT_EQ(request.param("p="), "1");
    EXPECT_EQ(request.param("db"), "a b c");
    EXPECT_EQ(request.param("x"), "");
    EXPECT_EQ(request.param("semi"), "a;b");
    EXPECT_EQ(request.param("bad"), std::nullopt);
    EXPECT_EQ(request.param("none"), std::nullopt);
    EXPECT_EQ(request.header("content-TYPE"), "application/x-www-form-urlencoded; charset=utf-8");
}

TEST(HttpCodec, MultipartFormsAreRead) {
    const std::string body =
        "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"q\"; filename=\"a;b\"\r\n"
        "Content-Type: text/plain\r\n\r\nselect\r\n1\r\n--XX\r\ncontent-disposition: form-data; "
        "name=db\r\n\r\n\r\n--XX--\r\nepilogue";
    Parameters params;
    parse_multipart("multipart/form-data; boundary=\"XX\"", body, params);
    ASSERT_EQ(params.size(), 2u);
    EXPECT_EQ(params[0], (std::pair<std::string, std::string>("q", "select\r\n1")));
    EXPECT_EQ(params[1], (std::pair<std::string, std::string>("db", "")));
    params.clear();
    parse_multipart("multipart/form-data", body, params);
    EXPECT_TRUE(params.empty());
}

TEST(HttpCodec, TargetsAreTakenApart) {
    const auto parts = parse_target("/a%20b/c?d=%zz&e");
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->path, "/a b/c");
    EXPECT_EQ(parts->origin.substr(parts->query_at), "d=%zz&e");
    EXPECT_EQ(parse_target("https://h?x")->origin, "/?x");
    EXPECT_EQ(parse_target("http://h")->path, "/");
    EXPECT_EQ(parse_target("*")->path, "*");
    EXPECT_FALSE(parse_target(""));
    EXPECT_FALSE(parse_target("h:80"));
    EXPECT_FALSE(parse_target("ftp://h/"));
    EXPECT_FALSE(parse_target("/%2"));
    EXPECT_EQ(redacted_target("/query?u=me&p=secret&q=x&%70=y"),
              "/query?u=me&p=[REDACTED]&q=x&%70=[REDACTED]");
    EXPECT_EQ(redacted_target("/query?db=d&q=create+user+bob+with+Pass%77ord+'x'&params=%7B%7D"),
              "/query?db=d&q=[REDACTED]&params=[REDACTED]");
    EXPECT_EQ(redacted_target("/query?db=d&q=set+password%zz"), "/query?db=d&q=[REDACTED]");
    EXPECT_EQ(redacted_target("/write?db=d&precision=s"), "/write?db=d&precision=s");
}

TEST(HttpCodec, HeaderTextsAreSafe) {
    EXPECT_EQ(header_safe("a\r\nb: c\0d"), "a  b: c");
    EXPECT_EQ(json_escaped("<a&\"\\\n\x01>"), "\\u003ca\\u0026\\\"\\\\\\n\\u0001\\u003e");
    EXPECT_EQ(error_text("{\"error\":\"a\\\"b\\u003c\\n\"}", 100), "a\"b<\n");
    EXPECT_EQ(error_text("{\"error\":\"abcdef\"}", 3), "abc");
    EXPECT_EQ(error_text("error\nno\n", 100), "no");
    EXPECT_EQ(error_text("error\n\"a \"\"b\"\"\"\n", 100), "a \"b\"");
    EXPECT_EQ(error_text("\x81\xa5", 100), "");
    for (const size_t size : {0, 1, 31, 32, 255, 256, 65535, 65536}) {
        const std::string text(size, 'x');
        for (const char *format : {"json", "csv", "application/csv", "msgpack"}) {
            EXPECT_EQ(error_text(error_document(format, text), 100'000), text) << format;
            EXPECT_EQ(error_text(error_document(format, text), 10), text.substr(0, 10)) << format;
        }
    }
    EXPECT_EQ(error_document("json", "a\"<"), "{\"error\":\"a\\\"\\u003c\"}\n");
    EXPECT_EQ(error_document("csv", "a, \"b\""), "error\n\"a, \"\"b\"\"\"\n");
    EXPECT_EQ(error_document("msgpack", "abc"),
              "\x81\xa5"
              "error\xa3"
              "abc");
    EXPECT_EQ(error_text("{\n    \"error\": \"abc\"\n}\n", 100), "abc");
    EXPECT_EQ(error_text("error\n\"say \"\"a\"\", b\"\n", 100), "say \"a\", b");
    EXPECT_EQ(error_text("error\n\"abcdef\"\n", 3), "abc");
    EXPECT_EQ(error_text("error\n\"abc", 100), "abc");
    EXPECT_EQ(error_text("[]", 100), "");
    EXPECT_TRUE(accepts_gzip("deflate, gzip;q=0.5"));
    EXPECT_TRUE(accepts_gzip("*"));
    EXPECT_FALSE(accepts_gzip("gzip;q=0, *"));
    EXPECT_FALSE(accepts_gzip("br"));
    EXPECT_FALSE(accepts_gzip(""));
}

TEST(HttpCodec, UuidsAreVersionOneAndNeverRepeat) {
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) {
        const std::string uuid = new_uuid_v1();
        ASSERT_EQ(uuid.size(), 36u);
        ASSERT_EQ(uuid[14], '1');
        ASSERT_TRUE(seen.insert(uuid).second) << uuid;
    }
}

TEST(HttpCodec, TheBodyPoolIsBoundedAndReuses) {
    const auto pool = std::make_shared<BodyPool>(1 << 20, 256 << 10);
    {
        BodyBuffer one;
        BodyBuffer two;
        ASSERT_TRUE(pool->reserve(one, 700'000));  // rounded up to the whole bound
        EXPECT_EQ(pool->in_flight(), size_t{1} << 20);
        EXPECT_FALSE(pool->reserve(two, 1));
        one = BodyBuffer();
        EXPECT_TRUE(pool->reserve(two, 200'000));
        EXPECT_FALSE(pool->reserve(one, (1 << 20) + 1));
    }
    EXPECT_EQ(pool->in_flight(), 0u);
    EXPECT_EQ(pool->cached(), size_t{256} << 10);
    BodyBuffer again;
    ASSERT_TRUE(pool->reserve(again, 200'000));
    EXPECT_EQ(pool->cached(), 0u);
}

}  // namespace
}  // namespace varve::http::test
