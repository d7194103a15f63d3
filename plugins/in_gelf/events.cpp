#include "events.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <logboom/compress.hpp>
#include <logboom/json.hpp>

namespace logboom::in_gelf {

namespace {

constexpr std::size_t longest_shown = 200;

/// Seconds since 1970 with a fraction; a JSON number of milliseconds keeps its three digits.
bool read_timestamp(const msgpack::Value& value, EventTime& time) {
  double seconds = 0;
  std::int64_t whole = 0;
  if (value.to_int(whole)) return time = {whole, 0}, true;
  if (!value.to_double(seconds) || !(std::fabs(seconds) < 4e15)) return false;
  const double micros = std::floor(seconds * 1e6 + 0.5);
  time.sec = static_cast<std::int64_t>(std::floor(micros / 1e6));
  time.nsec = static_cast<std::uint32_t>(micros - static_cast<double>(time.sec) * 1e6) * 1000;
  return true;
}

}  // namespace

void Options::describe(Describe<Options>& d) {
  d.param("tag", &Options::tag, "The tag of the events.").required();
  d.param("port", &Options::port, "Port to listen on; 0 takes a free one.");
  d.param("bind", &Options::bind, "Address to listen on.");
  d.choice("protocol_type", &Options::protocol_type, {{"udp", Protocol::udp}, {"tcp", Protocol::tcp}},
           "Over what; over TCP a NUL ends each message.");
  d.section(
      "transport", &Options::transport,
      "<transport udp>, <transport tcp> or <transport tls>, in place of protocol_type; the parameters are those of "
      "TLS.");
  d.param("strip_leading_underscore", &Options::strip_leading_underscore,
          "Take the `_` off the names of GELF's additional fields, unless another field has that name.");
  d.param("trust_client_timestamp", &Options::trust_client_timestamp,
          "The event's time is the message's `timestamp`, which is taken out; otherwise that of its arrival.");
  d.param("source_address_key", &Options::source_address_key, "Field that the sender's address is written into.");
  d.param("message_length_limit", &Options::message_length_limit,
          "A message that is longer, or becomes so when it is decompressed, is dropped and counted.");
  d.section("limits", &Options::limits, limits_doc);
  d.param("receive_buffer_size", &Options::receive_buffer_size,
          "The socket's receive buffer, up to net.core.rmem_max; the system's where nothing is said.");
}

bool Events::decompress(std::string_view message, std::string& why) {
  const bool gzip = message.starts_with("\x1f\x8b");
  DecompressBudget::Share share(shared_.budget);
  plain_.clear();
  const std::array<std::string_view, 1> input{message};
  const auto keep = [this](std::string_view piece) {
    plain_.append(piece);
    return true;
  };
  const std::uint64_t limit = shared_.options.message_length_limit.bytes;
  const DecompressStatus status =
      gzip ? decompress_gzip(input, limit, share, keep) : decompress_zlib(input, limit, share, keep);
  if (status == DecompressStatus::ok) return true;
  why = cat(gzip ? "gzip" : "zlib", ": ", to_text(status));
  return false;
}

void Events::add(std::string_view message, std::string_view address, const EventTime& now) {
  if (message.starts_with("\x1f\x8b") || message.starts_with("\x78")) {
    std::string why;
    if (!decompress(message, why)) return refuse("", why);
    return add_json(plain_, address, now);
  }
  add_json(message, address, now);
}

void Events::add_json(std::string_view json, std::string_view address, const EventTime& now) {
  record_.clear();
  JsonError error;
  if (!reader_.read(json, record_, error)) return refuse(json, error.message);
  const auto* const data = reinterpret_cast<const std::uint8_t*>(record_.data());
  const msgpack::Value value(data, data + record_.size());
  if (value.type() != msgpack::Type::map) return refuse(json, "it is no JSON object");
  const Options& options = shared_.options;
  EventTime time = now;
  changed_.clear();
  msgpack::Writer writer(changed_);
  std::uint32_t pairs = 0;
  names_.clear();
  Record(value).for_each([this](const msgpack::Value& key, const msgpack::Value&) {
    if (!key.text().starts_with('_')) names_.push_back(key.text());
  });
  std::sort(names_.begin(), names_.end());
  Record(value).for_each([&](const msgpack::Value& key, const msgpack::Value& field) {
    std::string_view name = key.text();
    if (name == "timestamp" && options.trust_client_timestamp && read_timestamp(field, time)) return;
    if (options.strip_leading_underscore && name.size() > 1 && name[0] == '_' && !is_taken(name.substr(1))) {
      name.remove_prefix(1);
    }
    writer.string(name);
    writer.value(field);
    ++pairs;
  });
  if (!options.source_address_key.empty()) {
    writer.string(options.source_address_key);
    writer.string(address);
    ++pairs;
  }
  record_.clear();
  msgpack::Writer whole(record_);
  whole.map(pairs);
  record_.append(changed_.text());
  out_.add(options.tag, time, record_.text());
}

/// `_host` stays so beside `host`.
bool Events::is_taken(std::string_view name) const { return std::binary_search(names_.begin(), names_.end(), name); }

void Events::refuse(std::string_view text, std::string_view why) {
  shared_.counts.unmatched.add();
  std::uint64_t suppressed = 0;
  if (!shared_.counts.limiter.due(suppressed)) return;
  OutBuffer shown;
  append_json_string(shown, text.substr(0, longest_shown));
  shared_.counts.log.warn(cat(who_, ": no GELF message: ", why, ": ", shown.text(),
                              suppressed != 0 ? cat(" (and ", suppressed, " before)") : std::string()));
}

}  // namespace logboom::in_gelf
