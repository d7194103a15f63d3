#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <logboom/compress.hpp>
#include <logboom/input.hpp>
#include <logboom/testing/filter_driver.hpp>
#include <logboom/testing/parser_driver.hpp>

namespace logboom::plugins {
PluginInfo in_http();
PluginInfo parser_msgpack();
PluginInfo parser_none();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using namespace logboom::testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Params = FakeContext::Params;
using Rows = std::vector<std::string>;

std::string request(std::string_view target, std::string_view type, std::string_view body,
                    std::string_view headers = {}) {
  return cat("POST ", target, " HTTP/1.1\r\nHost: here\r\nContent-Type: ", type, "\r\nContent-Length: ", body.size(),
             "\r\n", headers, "\r\n", body);
}
std::string json(std::string_view target, std::string_view body, std::string_view headers = {}) {
  return request(target, "application/json", body, headers);
}

struct Http {
  explicit Http(const Params& params = {}, const std::vector<Element>& sections = {})
      : context("source", "http", params) {
    context.parsers = parsers_of({plugins::parser_none(), plugins::parser_msgpack()});
    for (const Element& each : sections) context.section().children.push_back(each);
    plugin = plugins::in_http().make(context.element(), context);
    dynamic_cast<Input&>(*plugin).start(host);
    client = host.connect();
  }
  /// What the client is sent for these bytes.
  std::string talk(std::string_view bytes) {
    const std::size_t before = client->connection().sent().size();
    client->feed(bytes);
    std::string all;
    const auto& sent = client->connection().sent();
    for (std::size_t i = before; i < sent.size(); ++i) all += sent[i];
    return all;
  }
  /// "tag time record" of each event; the time is left out where it is about now.
  Rows rows() {
    Rows all;
    for (const Row& row : client->connection().rows()) {
      const std::string time = std::stoll(row.time) > 1'750'000'000 ? "now" : row.time;
      all.push_back(cat(row.tag, " ", time, " ", row.record));
    }
    return all;
  }

  FakeContext context;
  FakeHost host;
  std::unique_ptr<Plugin> plugin;
  std::unique_ptr<SessionDriver> client;
};

constexpr const char* ok =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n";

TEST(InHttp, listens_where_it_is_told_to) {
  EXPECT_EQ(Http().host.listens().at(0).port, 9880);
  EXPECT_FALSE(Http().host.listens().at(0).reset_on_close);
  EXPECT_EQ(Http(Params{{"port", "7"}, {"bind", "127.0.0.1"}}).host.listens().at(0).bind, "127.0.0.1");
}

TEST(InHttp, a_json_body_is_an_event_and_the_path_its_tag) {
  Http http;
  EXPECT_EQ(http.talk(json("/a/b.c", R"({"x":1})")), ok);
  EXPECT_EQ(http.talk(json("/a/?time=5.5", R"([{"x":2},{"x":3}])")), ok);
  EXPECT_EQ(http.talk(json("/t", R"({"x":4,"time":7})")), ok);
  EXPECT_EQ(http.rows(),
            (Rows{R"(a.b.c now {"x":1})", R"(a 5.500000000 {"x":2})", R"(a 5.500000000 {"x":3})", R"(t 7 {"x":4})"}));
}

TEST(InHttp, msgpack_ndjson_and_forms_are_read_too) {
  Http http;
  EXPECT_EQ(http.talk(request("/m", "application/msgpack", msgpack_of(R"([{"x":1},{"x":2}])"))), ok);
  EXPECT_EQ(http.talk(request("/n", "application/x-ndjson; charset=utf-8", "{\"x\":3}\r\n\n{\"x\":4}")), ok);
  EXPECT_EQ(http.talk(request("/f", "Application/X-WWW-Form-Urlencoded", "time=9&json=%7B%22x%22%3A+5%7D")), ok);
  EXPECT_EQ(http.talk("GET /g?json={\"x\":6} HTTP/1.1\r\n\r\n"), ok);
  EXPECT_EQ(http.rows(), (Rows{R"(m now {"x":1})", R"(m now {"x":2})", R"(n now {"x":3})", R"(n now {"x":4})",
                               R"(f 9 {"x":5})", R"(g now {"x":6})"}));
}

TEST(InHttp, a_parser_takes_any_body) {
  Http http({}, {section("parse", {{"@type", "none"}})});
  EXPECT_EQ(http.talk(request("/t", "text/plain", "line\n")), ok);
  EXPECT_EQ(http.rows(), (Rows{R"(t now {"message":"line\n"})"}));
}

TEST(InHttp, half_an_object_is_refused_and_does_not_stay_for_the_next_request) {
  Http http({}, {section("parse", {{"@type", "msgpack"}})});
  EXPECT_THAT(http.talk(request("/t", "x", "\x82\xa1")), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(http.talk(request("/t", "x", "\x81\xa1q\x01")), ok);
  EXPECT_EQ(http.rows(), (Rows{R"(t now {"q":1})"}));
}

TEST(InHttp, nothing_of_a_request_is_taken_where_one_record_is_wrong) {
  Http http;
  for (const char* body : {R"([{"a":1},5])", R"({"a":)", "5", "", "[{\"a\":1},{\"time\":\"soon\"}]"}) {
    EXPECT_THAT(http.talk(json("/t", body)), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << body;
  }
  EXPECT_THAT(http.talk(request("/t", "application/x-ndjson", "{\"a\":1}\nno\n")), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(http.talk(request("/t", "application/msgpack", "\x81\xa1")), HasSubstr("malformed msgpack"));
  EXPECT_THAT(http.talk(request("/t", "text/plain", "x")), StartsWith("HTTP/1.1 415 "));
  EXPECT_THAT(http.talk("GET /t HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(http.rows().empty());
  EXPECT_EQ(http.host.error_counts(), (FakeHost::Counts{{"refused_request", 9}}));
  EXPECT_EQ(http.host.log().count("request refused"), 1u);
}

TEST(InHttp, null_and_an_empty_array_are_fine_and_bring_nothing) {
  Http http;
  EXPECT_EQ(http.talk(json("/t", "null")), ok);
  EXPECT_EQ(http.talk(json("/t", "[]")), ok);
  EXPECT_TRUE(http.rows().empty());
}

TEST(InHttp, the_same_comes_of_a_stream_wherever_it_is_cut) {
  const std::string stream = json("/a", R"({"x":1})") +
                             "POST /b HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "4\r\n{\"x\"\r\n3;ext=1\r\n:2}\r\n0\r\nTrailer: x\r\n\r\n" +
                             "GET /c?json={} HTTP/1.0\r\n\r\n";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Http http;
    std::string sent = http.talk(std::string_view(stream).substr(0, cut));
    sent += http.talk(std::string_view(stream).substr(cut));
    EXPECT_EQ(sent, std::string(ok) + ok +
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        << "cut at " << cut;
    EXPECT_EQ(http.rows(), (Rows{R"(a now {"x":1})", R"(b now {"x":2})", "c now {}"})) << "cut at " << cut;
    EXPECT_EQ(http.client->connection().closed(), net::Close::finish);
  }
  Http http;
  http.client->feed_bytewise(stream);
  EXPECT_EQ(http.rows().size(), 3u);
}

TEST(InHttp, the_end_of_chunks_may_come_byte_by_byte) {
  Http http;
  http.client->feed_bytewise("POST /t HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + json("/t", "{}"));
  ASSERT_EQ(http.client->connection().sent().size(), 2u);
  EXPECT_THAT(http.client->connection().sent()[0], StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(http.client->connection().sent()[1], ok);
}

TEST(InHttp, answers_come_in_order_and_only_when_the_events_are_safe) {
  Http http;
  http.client = http.host.connect({}, Settle::by_hand);
  EXPECT_EQ(http.talk(json("/a", "{}") + json("/b", "{}") + json("/c", "5") + json("/d", "{}")), "");
  EXPECT_TRUE(http.client->session().waiting());
  http.client->connection().confirm(1);
  http.client->deliver_outcomes();
  EXPECT_TRUE(http.client->connection().sent().empty()) << "the first is not safe yet";
  http.client->connection().lose(0);
  http.client->deliver_outcomes();
  const auto& sent = http.client->connection().sent();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_THAT(sent[0], StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(sent[1], ok);
  EXPECT_THAT(sent[2], StartsWith("HTTP/1.1 400 "));
  http.client->connection().confirm(2);
  http.client->deliver_outcomes();
  EXPECT_EQ(sent.back(), ok);
  EXPECT_FALSE(http.client->session().waiting());
}

TEST(InHttp, what_two_readers_could_understand_in_two_ways_is_refused) {
  for (const char* headers : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5, 6\r\n",
           "Content-Length: -5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length : 5\r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, gzip\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
           "Transfer-Encoding:\x0b"
           "chunked\r\n",
       }) {
    Http http;
    const std::string sent = http.talk(cat("POST /t HTTP/1.1\r\nContent-Type: application/json\r\n", headers,
                                           "\r\n2\r\n{}\r\n0\r\n\r\nGET /smuggled?json={} HTTP/1.1\r\n\r\n"));
    EXPECT_THAT(sent, StartsWith("HTTP/1.1 400 ")) << headers;
    EXPECT_EQ(sent.find("HTTP/1.1", 1), std::string::npos) << headers;
    EXPECT_TRUE(http.rows().empty()) << headers;
  }
  Http old;
  EXPECT_THAT(old.talk("POST /t HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
}

TEST(InHttp, after_nonsense_nothing_more_is_read_and_the_connection_ends_a_little_later) {
  Http http;
  EXPECT_THAT(http.talk("nonsense\r\n\r\n"), HasSubstr("Connection: close"));
  EXPECT_EQ(http.talk(json("/t", "{}")), "");
  EXPECT_FALSE(http.client->connection().closed()) << "the client must have time to read the answer";
  http.client->fire_timer();
  EXPECT_EQ(http.client->connection().closed(), net::Close::finish);
  EXPECT_TRUE(http.rows().empty());
}

TEST(InHttp, a_body_or_header_beyond_the_limit_is_refused) {
  const Params limit{{"body_size_limit", "10"}};
  EXPECT_EQ(Http(limit).talk(json("/t", R"({"a":1234})")), ok);
  EXPECT_THAT(Http(limit).talk(json("/t", R"({"a":12345})")), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Http(limit).talk("POST /t HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"a\":12345}\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Http().talk("GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST(InHttp, compressed_bodies_are_read_within_the_limit) {
  const std::string body = R"({"a":")" + std::string(500, 'x') + "\"}";
  OutBuffer gzip;
  gzip_compress(body, gzip);
  std::string deflate(1000, '\0');
  uLongf size = deflate.size();
  ASSERT_EQ(::compress(reinterpret_cast<Bytef*>(deflate.data()), &size, reinterpret_cast<const Bytef*>(body.data()),
                       body.size()),
            Z_OK);
  deflate.resize(size);
  Http http;
  EXPECT_EQ(http.talk(json("/t", gzip.text(), "Content-Encoding: gzip\r\n")), ok);
  EXPECT_EQ(http.talk(json("/t", deflate, "Content-Encoding: deflate\r\n")), ok);
  EXPECT_EQ(http.rows(), (Rows{"t now " + body, "t now " + body}));
  EXPECT_EQ(http.host.decompress_budget().in_use(), 0u);
  EXPECT_THAT(http.talk(json("/t", "no gzip", "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(http.talk(json("/t", "x", "Content-Encoding: br\r\n")), StartsWith("HTTP/1.1 415 "));
  Http small(Params{{"body_size_limit", "400"}});
  EXPECT_THAT(small.talk(json("/t", gzip.text(), "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 413 "));
}

TEST(InHttp, a_client_that_expects_100_gets_it_when_its_turn_has_come) {
  const std::string head =
      "POST /t HTTP/1.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  Http http;
  EXPECT_EQ(http.talk(head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(http.talk("{}"), ok);
  EXPECT_EQ(http.talk(head + "{}"), ok) << "one that did not wait needs none";
  Http after;
  after.client = after.host.connect({}, Settle::by_hand);
  EXPECT_EQ(after.talk(json("/t", "{}") + head), "");
  after.client->connection().confirm(0);
  after.client->deliver_outcomes();
  EXPECT_EQ(after.client->connection().sent(), (Rows{ok, "HTTP/1.1 100 Continue\r\n\r\n"}));
  EXPECT_THAT(Http().talk("POST /t HTTP/1.1\r\nExpect: miracles\r\nContent-Length: 2\r\n\r\n"),
              StartsWith("HTTP/1.1 417 "));
  EXPECT_THAT(Http().talk(json("/t", "{}", "Expect: miracles\r\n")), StartsWith("HTTP/1.1 417 "))
      << "with the body at once too";
  EXPECT_THAT(Http(Params{{"body_size_limit", "1"}}).talk(head), StartsWith("HTTP/1.1 413 "));
}

TEST(InHttp, fields_of_the_request_are_added_where_asked_for) {
  Http http(Params{{"add_http_headers", "true"},
                   {"add_query_params", "true"},
                   {"add_remote_addr", "true"},
                   {"add_tag_prefix", "http"}});
  EXPECT_EQ(http.talk("GET /t?json={\"a\":1}&my-key=v HTTP/1.1\r\nUser-Agent: me\r\n\r\n"), ok);
  EXPECT_EQ(http.talk("GET /t?json={} HTTP/1.1\r\nX-Forwarded-For: 198.51.100.3, 10.0.0.1\r\n\r\n"), ok);
  EXPECT_EQ(http.rows().at(0),
            R"(http.t now {"a":1,"HTTP_USER_AGENT":"me","QUERY_JSON":"{\"a\":1}","QUERY_MY_KEY":"v",)"
            R"("REMOTE_ADDR":"192.0.2.7"})");
  EXPECT_THAT(http.rows().at(1), HasSubstr(R"("REMOTE_ADDR":"198.51.100.3")"));
}

TEST(InHttp, tag_and_time_can_be_taken_from_the_record) {
  Http http({}, {section("extract", {{"tag_key", "tag"}, {"time_key", "at"}})});
  EXPECT_EQ(http.talk(json("/t", R"([{"tag":"x","at":5},{"a":1}])")), ok);
  EXPECT_EQ(http.rows(), (Rows{"x 5 {}", R"(t now {"a":1})"}));
}

TEST(InHttp, the_answer_can_be_204_or_an_image) {
  EXPECT_EQ(Http(Params{{"use_204_response", "true"}}).talk(json("/t", "{}")),
            "HTTP/1.1 204 No Content\r\nConnection: Keep-Alive\r\n\r\n");
  const std::string image = Http(Params{{"respond_with_empty_img", "true"}}).talk("GET /t?json={} HTTP/1.1\r\n\r\n");
  EXPECT_THAT(image, HasSubstr("Content-Type: image/gif\r\n"));
  EXPECT_THAT(image, HasSubstr("Content-Length: 43\r\n"));
  EXPECT_THAT(image, HasSubstr("\r\n\r\nGIF89a"));
  EXPECT_EQ(image.back(), ';');
  EXPECT_EQ(image.size(), image.find("\r\n\r\n") + 4 + 43);
  EXPECT_THAT(Http(Params{{"respond_with_empty_img", "true"}}).talk("HEAD /t?json={} HTTP/1.1\r\n\r\n"),
              ::testing::EndsWith("\r\n\r\n"));
}

TEST(InHttp, only_pages_of_the_list_may_send) {
  const Params params{{"cors_allow_origins", R"(["https://a.example","https://*.b.example"])"},
                      {"cors_allow_credentials", "true"}};
  Http http(params);
  EXPECT_THAT(http.talk(json("/t", "{}", "Origin: https://x.b.example\r\n")),
              HasSubstr("Access-Control-Allow-Origin: https://x.b.example\r\nAccess-Control-Allow-Credentials: true"));
  EXPECT_THAT(http.talk(json("/t", "{}", "Origin: https://evil.example\r\n")), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(http.talk(json("/t", "{}")), StartsWith("HTTP/1.1 403 "));
  EXPECT_EQ(http.rows().size(), 1u);
  const std::string preflight =
      "OPTIONS /t HTTP/1.1\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: X-A\r\n\r\n";
  const std::string yes = http.talk(preflight);
  EXPECT_THAT(yes, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(yes, HasSubstr("Access-Control-Allow-Methods: POST\r\nAccess-Control-Allow-Headers: X-A\r\n"));
  EXPECT_THAT(Http().talk(preflight), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Http(Params{{"cors_allow_origins", "[\"*\"]"}}).talk(preflight), HasSubstr("Allow-Origin: *\r\n"));
}

TEST(InHttp, an_idle_connection_is_closed_after_a_while) {
  Http http(Params{{"keepalive_timeout", "0.1"}});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!http.client->connection().closed() && std::chrono::steady_clock::now() < deadline) http.client->fire_timer();
  EXPECT_EQ(http.client->connection().closed(), net::Close::finish);
}

TEST(InHttp, refuses_a_configuration_that_makes_no_sense) {
  EXPECT_THROW(Http(Params{{"cors_allow_origins", "[\"*\"]"}, {"cors_allow_credentials", "true"}}), ConfigError);
  EXPECT_THROW(Http({}, {section("transport", {}, "tls")}), ConfigError);
  EXPECT_THROW(Http({}, {section("parse", {{"@type", "nothing"}})}), ConfigError);
}

}  // namespace
