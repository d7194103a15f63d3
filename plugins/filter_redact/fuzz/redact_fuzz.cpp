/// Each scanner gives places in order, inside the text, and the same from its own beginning; a redacted text has none
/// of the matches left where they were.
#include <cstdlib>
#include <string>

#include "../redactor.hpp"

namespace {

using namespace logboom;
using plugins::redact::Found;
using plugins::redact::Kind;

void require(bool condition) {
  if (!condition) std::abort();
}

void scan(Kind kind, std::string_view text) {
  std::size_t at = 0;
  while (const Found found = plugins::redact::find(kind, text, at)) {
    require(found.begin >= at && found.end > found.begin && found.end <= text.size());
    at = found.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<std::unique_ptr<plugins::redact::Pattern>> patterns;
  for (const Kind kind : {Kind::email, Kind::ipv4, Kind::ipv6, Kind::credit_card, Kind::jwt, Kind::aws_key}) {
    scan(kind, text);
    patterns.push_back(std::make_unique<plugins::redact::Pattern>());
    patterns.back()->what = kind;
  }
  std::size_t taken = 0;
  const plugins::redact::Substitute substitute = [&](const auto&, std::string_view match, std::string& out) {
    taken += match.size();
    out.append(match.size(), '#');
  };
  plugins::redact::Redactor redactor(patterns, substitute);
  OutBuffer value, out;
  msgpack::Writer(value).string(text);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(value.data());
  const auto result = redactor.redact({begin, begin + value.size()}, out);
  require(result != plugins::redact::Redactor::Result::gave_up);
  require((result == plugins::redact::Redactor::Result::redacted) == (taken != 0));
  require(taken == 0 || out.size() == value.size());
  if (msgpack::skip(data, data + size) == data + size && size != 0) {
    out.clear();
    if (redactor.redact({data, data + size}, out) == plugins::redact::Redactor::Result::redacted) {
      const auto* changed = reinterpret_cast<const std::uint8_t*>(out.data());
      require(msgpack::skip(changed, changed + out.size()) == changed + out.size());
    }
  }
  return 0;
}
