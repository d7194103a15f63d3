#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <logboom/batch_writer.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/text_events.hpp>
#include <logboom/transport.hpp>

namespace logboom::in_gelf {

enum class Protocol : std::uint8_t { udp, tcp };

struct Options {
  std::string tag;
  std::uint16_t port = 12201;
  std::string bind = "0.0.0.0";
  Protocol protocol_type = Protocol::udp;
  TransportOptions transport;
  bool strip_leading_underscore = true;
  bool trust_client_timestamp = true;
  std::string source_address_key;
  ByteSize message_length_limit{std::uint64_t{8} << 20};
  std::optional<ByteSize> receive_buffer_size;
  LimitOptions limits;

  static void describe(Describe<Options>& d);
};

/// What the sessions of one input share. Outlives them.
struct Shared {
  Shared(const Options& given, net::Host& host)
      : options(given),
        counts(host),
        too_long(host.dropped("too_long")),
        unterminated(host.dropped("unterminated")),
        incomplete(host.dropped("incomplete_chunks")),
        bad_chunk(host.errors("bad_chunk")),
        budget(host.decompress_budget()) {}
  const Options& options;
  TextEventCounts counts;
  Counter& too_long;
  Counter& unterminated;
  Counter& incomplete;  // messages of which a part never came
  Counter& bad_chunk;
  DecompressBudget& budget;
};

/// From messages, compressed or not, to events. Threads: those of its source. Lifetime: not longer than the source.
class Events {
 public:
  Events(net::Source& source, Shared& shared, std::string who) : shared_(shared), who_(std::move(who)), out_(source) {}

  void add(std::string_view message, std::string_view address, const EventTime& now);
  void flush() { out_.flush(); }

 private:
  bool decompress(std::string_view message, std::string& why);
  void add_json(std::string_view json, std::string_view address, const EventTime& now);
  bool is_taken(std::string_view name) const;
  void refuse(std::string_view text, std::string_view why);

  Shared& shared_;
  std::string who_;
  BatchWriter out_;
  JsonReader reader_;
  OutBuffer record_, changed_;
  std::string plain_;
  std::vector<std::string_view> names_;  // without `_`, of the message at hand, sorted
};

}  // namespace logboom::in_gelf
