/// Times append_json on one Docker record (four fields, 365 bytes of msgpack) beside memcpy of the same bytes, and on
/// texts that need escapes or are not ASCII.
#include <logboom/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "micro.hpp"

namespace {

using logboom::OutBuffer;
using logboom::micro::docker_record;
using logboom::micro::nanoseconds;
using logboom::msgpack::Value;

std::string repeated(const std::string& piece, std::size_t size) {
  std::string text;
  while (text.size() + piece.size() <= size) text += piece;
  return text;
}

void report(const char* name, const std::string& log) {
  const OutBuffer bytes = docker_record(log);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const Value value(data, data + bytes.size());
  OutBuffer out;
  const double copy = nanoseconds([&] {
    if (out.size() > 60'000) out.clear();
    out.append(bytes.text());
  });
  const double json = nanoseconds([&] {
    if (out.size() > 60'000) out.clear();
    logboom::append_json(out, value);
  });
  std::printf("%-10s %4zu bytes  json %6.1f ns  memcpy %5.1f ns  ratio %5.1f\n", name, bytes.size(), json, copy,
              json / copy);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string line = repeated("GET /index.html HTTP/1.1 200 in 12 ms; ", 240).substr(0, 200);
  if (argc > 1) {  // so many records, for an instruction count
    const OutBuffer bytes = docker_record(line);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    OutBuffer out;
    for (int i = std::atoi(argv[1]); i > 0; --i) {
      out.clear();
      logboom::append_json(out, Value(data, data + bytes.size()));
    }
    return 0;
  }
  report("ascii", line);
  report("quotes", repeated("{\"level\":\"info\",\"status\":200} ", 200));
  report("japanese", repeated("ログを集める、", 200));
  report("broken", repeated("caf\xe9 au lait, s'il vous plait ", 200));
}
