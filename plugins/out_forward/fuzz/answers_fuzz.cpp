#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../answers.hpp"

namespace {

using logboom::out_forward::AnswerReader;

struct Outcome {
  std::vector<std::string> ids;
  std::string why;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(std::string_view stream, std::size_t step) {
  AnswerReader reader;
  Outcome outcome;
  for (std::size_t at = 0; at < stream.size() && outcome.why.empty(); at += step) {
    outcome.why = reader.feed(stream.substr(at, step), outcome.ids);
  }
  return outcome;
}

}  // namespace

/// However the stream is cut, the same ids come of it, and the same verdict.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  if (!stream.empty() && !(read(stream, size) == read(stream, 1))) std::abort();
  return 0;
}
