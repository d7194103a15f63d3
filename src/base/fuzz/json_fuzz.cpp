/// Whatever is well-formed msgpack becomes text that simdjson reads, and the two ways to scan strings agree.
#include <logboom/json.hpp>

#include <simdjson.h>

#include <cstdlib>

#include "base/json_string.hpp"

namespace {

using logboom::InvalidUtf8;
using logboom::OutBuffer;

void require(bool condition) {
  if (!condition) std::abort();
}

template <logboom::json::Scan scan>
void put(OutBuffer& out, std::string_view text, InvalidUtf8 invalid) {
  logboom::json::Sink sink(out, 0);
  logboom::json::put_string<scan>(sink, text, invalid);
}

void compare_scans(std::string_view text) {
  for (const InvalidUtf8 invalid : {InvalidUtf8::replace, InvalidUtf8::raw}) {
    OutBuffer vector;
    OutBuffer portable;
    put<logboom::json::Scan::vector>(vector, text, invalid);
    put<logboom::json::Scan::portable>(portable, text, invalid);
    require(vector.text() == portable.text());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  compare_scans({reinterpret_cast<const char*>(data), size});
  const std::uint8_t* end = logboom::msgpack::skip(data, data + size);
  if (end == nullptr) return 0;
  OutBuffer out;
  logboom::append_json(out, {data, end}, {InvalidUtf8::raw});
  out.clear();
  logboom::append_json(out, {data, end});
  static simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::error_code code = parser.parse(out.data(), out.size()).get(root);
  require(code == simdjson::SUCCESS || code == simdjson::DEPTH_ERROR);
  return 0;
}
