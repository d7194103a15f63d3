#include "answers.hpp"

#include <logboom/event.hpp>
#include <logboom/msgpack.hpp>

namespace logboom::out_forward {

namespace {

constexpr std::string_view no_ack = "it answers something that is no ack";

bool is_helo(const msgpack::Value& value) {
  if (value.type() != msgpack::Type::array || value.count() == 0) return false;
  const std::uint8_t* first = value.children();
  return msgpack::Value(first, msgpack::skip(first, value.end())).text() == "HELO";
}

constexpr std::string_view tls_alert = "\x15\x03";

}  // namespace

std::string AnswerReader::feed(std::string_view bytes, std::vector<std::string>& ids) {
  rest_.append(bytes);
  if (!begun_ && rest_.starts_with(tls_alert)) {
    return "it answers in TLS: its port does not take plaintext, so write `transport tls`";
  }
  if (!begun_ && tls_alert.starts_with(rest_)) return {};
  begun_ = true;
  const auto* at = reinterpret_cast<const std::uint8_t*>(rest_.data());
  const std::uint8_t* const begin = at;
  const std::uint8_t* const end = at + rest_.size();
  while (at != end) {
    const std::uint8_t* next = at;
    msgpack::Skipper skipper;
    skipper.start();
    const msgpack::Scan scan = skipper.advance(next, end);
    if (scan == msgpack::Scan::malformed) return std::string(no_ack);
    if (scan == msgpack::Scan::incomplete) break;
    const msgpack::Value value(at, next);
    if (value.size() > longest) return std::string(no_ack);
    if (is_helo(value)) return "it asks for a handshake: <security> is missing here";
    if (value.type() != msgpack::Type::map) return std::string(no_ack);
    const msgpack::Value ack = Record(value).find("ack");
    if (!ack || !ack.is_text()) return std::string(no_ack);
    ids.emplace_back(ack.text());
    at = next;
  }
  rest_.erase(0, static_cast<std::size_t>(at - begin));
  return rest_.size() > longest ? std::string(no_ack) : std::string();
}

}  // namespace logboom::out_forward
