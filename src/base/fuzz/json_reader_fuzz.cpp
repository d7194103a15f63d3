/// The framer finds the same values however the stream is cut, and ends each where simdjson does; what the reader takes
/// comes back unchanged from another round through JSON.
#include <logboom/json.hpp>
#include <logboom/json_reader.hpp>

#include <simdjson.h>

#include <cstdlib>
#include <vector>

namespace {

using logboom::JsonError;
using logboom::JsonFramer;
using logboom::JsonReader;
using logboom::OutBuffer;
using logboom::msgpack::Scan;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Frames {
  std::vector<std::size_t> ends;
  bool malformed = false;
  bool open = false;

  bool operator==(const Frames&) const = default;
};

Frames split(std::string_view text, std::size_t step) {
  JsonFramer framer;
  Frames frames;
  std::size_t at = 0;
  while (at < text.size() && !frames.malformed) {
    const std::string_view piece = text.substr(at, step);
    const JsonFramer::Frame frame = framer.advance(piece.data(), piece.size());
    require(frame.used <= piece.size());
    at += frame.used;
    if (frame.scan == Scan::complete) frames.ends.push_back(at);
    frames.malformed = frame.scan == Scan::malformed;
  }
  frames.open = !framer.idle();
  return frames;
}

void read_twice(JsonReader& reader, std::string_view text) {
  OutBuffer first;
  JsonError error;
  if (!reader.read(text, first, error)) {
    require(first.empty() && error.offset <= text.size() && !error.message.empty());
    return;
  }
  const auto* data = reinterpret_cast<const std::uint8_t*>(first.data());
  require(logboom::msgpack::skip(data, data + first.size()) == data + first.size());
  OutBuffer json;
  logboom::append_json(json, {data, data + first.size()});
  OutBuffer second;
  require(reader.read(json.text(), second, error));
  require(first.text() == second.text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 16;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const Frames frames = split(text, text.size() + 1);
  require(frames == split(text, step));

  static JsonReader reader;
  std::size_t begin = 0;
  for (const std::size_t end : frames.ends) {
    read_twice(reader, text.substr(begin, end - begin));
    begin = end;
  }
  static simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return 0;
  if (!root.is_array() && !root.is_object()) return 0;
  require(frames.ends.size() == 1 && !frames.malformed && !frames.open);
  require(text.find_first_not_of(" \t\r\n", frames.ends[0]) == std::string_view::npos);
  return 0;
}
