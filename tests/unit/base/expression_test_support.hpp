#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

#include <logboom/expression.hpp>

#include "base/record_test_support.hpp"

namespace logboom::expression_test {

inline constexpr std::string_view record_json =
    R"({"log":"GET /index.html 200","n":5,"f":2.5,"neg":-7,"s":"5","list":[3,1,2,null,"x"],"nums":[3,1,2],)"
    R"("h":{"a":{"b":[1,{"c":"deep"}]},"k.l":1},"nil":null,"t":true,"fl":false,"empty":"","u":"Füße ログ",)"
    R"("json":"{\"a\":[1,2.5,\"x\"]}","ts":1700000000,"lines":"a\nb\r\n","csv":"a,b,,c,,","level":"WARN","pri":165,)"
    R"("name":"/web-1"})";

inline ExpressionSettings settings() {
  ExpressionSettings settings;
  settings.hostname = "node1";
  return settings;
}

/// What a compiled expression or template gives of the event above, as JSON; "! reason" where it fails.
template <class Compiled>
std::string result_of(const Compiled& compiled, const Record& record) {
  Evaluator evaluator;
  evaluator.start({"docker.web.app", {1700000000, 123456789}, record});
  if (!evaluator.evaluate(compiled)) return "! " + evaluator.error();
  OutBuffer out;
  msgpack::Writer writer(out);
  evaluator.write(writer);
  const auto* data = reinterpret_cast<const std::uint8_t*>(out.data());
  EXPECT_EQ(msgpack::skip(data, data + out.size()), data + out.size()) << "not one object";
  return record_test::to_json({data, data + out.size()});
}

/// The same; "refused: …" where it does not compile.
inline std::string result(std::string_view ruby, std::string_view json = record_json) {
  const record_test::Json record(json);
  try {
    return result_of(Expression::compile(ruby, settings()), record.record());
  } catch (const ExpressionError& error) {
    return std::string("refused: ") + error.what();
  }
}

struct Case {
  std::string_view ruby;
  std::string_view json;
};

inline void check(std::initializer_list<Case> cases) {
  for (const Case& each : cases) EXPECT_EQ(result(each.ruby), each.json) << each.ruby;
}

}  // namespace logboom::expression_test
