/// Times expressions over one Docker record (four fields, 365 bytes of msgpack), and what record_transformer does for
/// an event to which it adds two fields.
#include <logboom/expression.hpp>
#include <logboom/record_editor.hpp>

#include <cstdio>
#include <string>

#include "micro.hpp"

using logboom::Evaluator;
using logboom::Expression;
using logboom::ExpressionTemplate;
using logboom::OutBuffer;
using logboom::Record;
using logboom::RecordEditor;
using logboom::micro::docker_record;
using logboom::micro::nanoseconds;
using logboom::msgpack::Value;

int main() {
  std::string log = "GET /index.html HTTP/1.1 200 in 12 ms";
  log.append(200 - log.size(), '.');
  const OutBuffer bytes = docker_record(log);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const Record record(Value(data, data + bytes.size()));
  const logboom::ExpressionSettings settings{"node-17", logboom::TimeZone::local()};
  Evaluator evaluator;
  const logboom::ExpressionSubject subject{"docker.web.app", {1700000000, 5}, record};
  std::size_t failed = 0;
  for (const char* ruby : {R"(${record["source"]})", "${tag}", "${tag_parts[1]}", R"(${tag}-${record["source"]})",
                           R"(${record["source"].upcase})", R"(${record["log"].split(" ").first})",
                           R"(${record["log"][/ (\d{3}) /, 1].to_i >= 500 ? "error" : "ok"})",
                           R"(${time.strftime("%Y-%m-%dT%H:%M:%S.%L%z")})", R"(${record.to_json})",
                           R"(${record["container_name"].sub(/^\//, "")})"}) {
    const auto compiled = ExpressionTemplate::compile(ruby, ExpressionTemplate::Mode::ruby, settings);
    evaluator.start(subject);
    std::printf("%-66s %7.1f ns\n", ruby, nanoseconds([&] { failed += evaluator.evaluate(compiled) ? 0U : 1U; }));
  }
  const auto host = ExpressionTemplate::compile("${hostname}", ExpressionTemplate::Mode::plain, settings);
  const auto part = ExpressionTemplate::compile("${tag_parts[1]}", ExpressionTemplate::Mode::plain, settings);
  RecordEditor editor;
  OutBuffer out;
  std::printf("%-66s %7.1f ns\n", "two fields into the record", nanoseconds([&] {
                evaluator.start(subject);
                editor.start(record);
                failed += evaluator.evaluate(host) ? 0U : 1U;
                editor.set("host", [&](logboom::msgpack::Writer& writer) { evaluator.write(writer); });
                failed += evaluator.evaluate(part) ? 0U : 1U;
                editor.set("service", [&](logboom::msgpack::Writer& writer) { evaluator.write(writer); });
                out.clear();
                editor.write(out);
              }));
  return failed == 0 ? 0 : 1;
}
