/// Any text is refused or compiles, and what compiles comes to an end on any record with one object or a reason.
/// Input: the expression, a NUL byte, the record.
#include <logboom/expression.hpp>

#include <algorithm>
#include <cstdlib>

namespace {

using namespace logboom;

void require(bool condition) {
  if (!condition) std::abort();
}

OutBuffer default_record() {
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.map(4);
  writer.string("log");
  writer.string("GET /index.html 200 \xff");
  writer.string("n");
  writer.integer(5);
  writer.string("list");
  writer.array(3);
  writer.integer(3);
  writer.floating(1.5);
  writer.string("x");
  writer.string("h");
  writer.map(1);
  writer.string("a");
  writer.nil();
  return out;
}

template <class Compiled>
void run(Evaluator& evaluator, const Compiled& compiled) {
  if (!evaluator.evaluate(compiled)) {
    require(!evaluator.error().empty());
    return;
  }
  OutBuffer out;
  msgpack::Writer writer(out);
  evaluator.write(writer);
  const auto* data = reinterpret_cast<const std::uint8_t*>(out.data());
  require(msgpack::skip(data, data + out.size()) == data + out.size());
  static_cast<void>(evaluator.text());
  static_cast<void>(evaluator.truthy());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(input.find('\0'), size);
  const std::string_view text = input.substr(0, cut);
  static const OutBuffer standard = default_record();
  const auto* record = reinterpret_cast<const std::uint8_t*>(standard.data());
  const std::uint8_t* record_end = record + standard.size();
  if (cut + 1 < size && msgpack::type_of(data[cut + 1]) == msgpack::Type::map) {
    if (const std::uint8_t* end = msgpack::skip(data + cut + 1, data + size)) {
      record = data + cut + 1;
      record_end = end;
    }
  }
  static const ExpressionSettings settings{"node1", TimeZone::utc()};
  Evaluator evaluator;
  evaluator.start({"docker.web.app.", {1700000000, 5}, Record(msgpack::Value(record, record_end))});
  const auto attempt = [&](auto&& compile) {
    try {
      run(evaluator, compile());
    } catch (const ExpressionError& error) {
      require(error.offset() <= text.size() && *error.what() != '\0');
    }
  };
  attempt([&] { return Expression::compile(text, settings); });
  attempt([&] { return ExpressionTemplate::compile(text, ExpressionTemplate::Mode::ruby, settings); });
  attempt([&] { return ExpressionTemplate::compile(text, ExpressionTemplate::Mode::plain, settings); });
  return 0;
}
