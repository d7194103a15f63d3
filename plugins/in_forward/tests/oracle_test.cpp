#include "forward_fixture.hpp"

#include <limits>
#include <msgpack.hpp>

namespace logboom::in_forward::test {
namespace {

namespace oracle = ::msgpack;
using oracle::type::object_type;

struct Expected {
  std::vector<std::string> events;  // tag, time and record, as shortest msgpack
  std::vector<std::string> acks;
};

std::string packed(const oracle::object& object) {
  oracle::sbuffer buffer;
  oracle::pack(buffer, object);
  return {buffer.data(), buffer.size()};
}
std::string packed(const msgpack::Value& value) {
  return packed(oracle::unpack(reinterpret_cast<const char*>(value.begin()), value.size()).get());
}

std::string text_of(const oracle::object& object) {
  return object.type == object_type::STR ? std::string(object.via.str.ptr, object.via.str.size)
                                         : std::string(object.via.bin.ptr, object.via.bin.size);
}
bool is_text(const oracle::object& object) {
  return object.type == object_type::STR || object.type == object_type::BIN;
}

bool time_of(const oracle::object& object, std::string& text) {
  switch (object.type) {
    case object_type::POSITIVE_INTEGER:
      // What is beyond EventTime is the latest time that there is.
      text = std::to_string(std::min<std::uint64_t>(object.via.u64, std::numeric_limits<std::int64_t>::max()));
      break;
    case object_type::NEGATIVE_INTEGER: text = std::to_string(object.via.i64); break;
    case object_type::EXT: {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(object.via.ext.data());
      text = testing::time_text({static_cast<std::int64_t>(msgpack::load_be(bytes, 4)),
                                 static_cast<std::uint32_t>(msgpack::load_be(bytes + 4, 4))});
      break;
    }
    case object_type::ARRAY:
      return object.via.array.size == 2 && object.via.array.ptr[0].type != object_type::ARRAY &&
             time_of(object.via.array.ptr[0], text);
    default: return false;
  }
  return true;
}

void expect_event(const oracle::object& tag, const oracle::object& time, const oracle::object& record,
                  Expected& expected) {
  std::string text;
  if (!is_text(tag) || !time_of(time, text) || record.type != object_type::MAP) return;
  expected.events.push_back(text_of(tag) + " " + text + " " + packed(record));
}
void expect_entry(const oracle::object& tag, const oracle::object& entry, Expected& expected) {
  if (entry.type != object_type::ARRAY || entry.via.array.size != 2) return;
  expect_event(tag, entry.via.array.ptr[0], entry.via.array.ptr[1], expected);
}

void expect_message(const oracle::object& message, const Raw& payload, Expected& expected) {
  if (message.type != object_type::ARRAY) return;
  const oracle::object_array& parts = message.via.array;
  const bool carrier = parts.size >= 2 && (is_text(parts.ptr[1]) || parts.ptr[1].type == object_type::ARRAY);
  if (parts.size >= 2 && is_text(parts.ptr[1])) {
    std::size_t at = 0;
    while (at < payload.size())
      expect_entry(parts.ptr[0], oracle::unpack(payload.data(), payload.size(), at).get(), expected);
  } else if (carrier) {
    for (std::uint32_t i = 0; i < parts.ptr[1].via.array.size; ++i)
      expect_entry(parts.ptr[0], parts.ptr[1].via.array.ptr[i], expected);
  } else if (parts.size >= 3) {
    expect_event(parts.ptr[0], parts.ptr[1], parts.ptr[2], expected);
  }
  const std::uint32_t option_at = carrier ? 2 : 3;
  if (parts.size <= option_at || parts.ptr[option_at].type != object_type::MAP) return;
  const oracle::object* chunk_id = nullptr;
  for (std::uint32_t i = 0; i < parts.ptr[option_at].via.map.size; ++i) {
    const oracle::object_kv& pair = parts.ptr[option_at].via.map.ptr[i];
    if (is_text(pair.key) && text_of(pair.key) == "chunk") chunk_id = &pair.val;
  }
  if (chunk_id != nullptr && chunk_id->type != object_type::NIL) expected.acks.push_back(packed(*chunk_id));
}

/// Valid msgpack of every kind and header width, and messages made of it.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  struct Message {
    Raw bytes;
    Raw payload;  // of PackedForward, not compressed
  };
  Message message() {
    switch (below(12)) {
      case 0: return {nil(), {}};
      case 1: return {value(2), {}};
      case 2: return {array(values(below(5))), {}};
      case 3:
      case 4:
      case 5: return {with_option({tag(), list(below(6))}), {}};
      case 6:
      case 7:
      case 8: return packed_forward();
      default: return {with_option({tag(), time(), record()}), {}};
    }
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::mt19937& random() { return random_; }

 private:
  Message packed_forward() {
    Raw payload;
    for (std::size_t i = below(6); i > 0; --i) payload += entry();
    switch (below(5)) {
      case 0: return {with_option({tag(), binary(gzip(payload))}, {{str("compressed"), str("gzip")}}), payload};
      case 1: return {with_option({tag(), binary(zstd(payload))}, {{str("compressed"), str("zstd")}}), payload};
      case 2: return {with_option({tag(), string(payload)}), payload};
      default: return {with_option({tag(), binary(payload)}), payload};
    }
  }
  Raw with_option(std::vector<Raw> parts, std::vector<std::pair<Raw, Raw>> pairs = {}) {
    if (pairs.empty() && below(4) == 0) return array(parts);
    if (pairs.empty() && below(8) == 0) {
      parts.push_back(below(2) == 0 ? nil() : string("no option"));
      return array(parts);
    }
    if (below(3) == 0) pairs.emplace_back(str("chunk"), value(1));
    if (below(3) == 0) pairs.emplace_back(str("size"), num(3));
    parts.push_back(map(pairs));
    if (below(10) == 0) parts.push_back(value(1));
    return array(parts);
  }
  Raw list(std::size_t count) {
    std::vector<Raw> entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back(entry());
    return array(entries);
  }
  Raw entry() {
    switch (below(10)) {
      case 0: return value(2);
      case 1: return array({array({time(), map({})}), record()});
      case 2: return array({value(1), record()});
      case 3: return array({time(), value(1)});
      default: return array({time(), record()});
    }
  }
  Raw tag() { return below(12) == 0 ? num(5) : below(4) == 0 ? binary(text()) : string(text()); }
  Raw time() {
    const std::uint64_t seconds = 1 + random_() % 4000000000;
    switch (below(6)) {
      case 0: return event_time(static_cast<std::uint32_t>(seconds), static_cast<std::uint32_t>(random_()));
      case 1: return head(0xd2, 1 + seconds / 2, 4);
      case 2: return head(0xd3, seconds, 8);
      case 3: return num(-static_cast<std::int64_t>(seconds));
      case 4: return head(0xc7, 8, 1) + head(0, seconds, 4) + head(static_cast<unsigned>(below(60)), random_(), 3);
      default: return head(0xce, seconds, 4);
    }
  }
  Raw record() {
    Raw pairs;
    const std::size_t count = below(5);
    for (std::size_t i = 0; i < count; ++i) pairs += (below(8) == 0 ? value(1) : string(text())) + value(3);
    return (below(3) != 0   ? head(0x80 + static_cast<unsigned>(count), 0, 0)
            : below(2) == 0 ? head(0xde, count, 2)
                            : head(0xdf, count, 4)) +
           pairs;
  }
  std::vector<Raw> values(std::size_t count) {
    std::vector<Raw> list(count);
    for (Raw& raw : list) raw = value(1);
    // What would make another mode of a short array is left to the other generators.
    if (count > 1) list[1] = below(2) == 0 ? time() : nil();
    return list;
  }
  Raw value(unsigned depth) {
    switch (below(depth == 0 ? 9 : 11)) {
      case 0: return nil();
      case 1: return below(2) == 0 ? "\xc2" : "\xc3";
      case 2: return num(static_cast<std::int64_t>(random_()) - 2147483648);
      case 3: return integer(static_cast<unsigned>(below(8)));
      case 4: return real(static_cast<double>(below(1000)) / 8);
      case 5: return head(0xca, 0x3f800000, 4);
      case 6: return binary(text());
      case 7: return time();
      case 8: return string(text());
      case 9: return array(values(below(4)));
      default: return record();
    }
  }
  Raw integer(unsigned kind) { return head(0xcc + kind, std::uint64_t{random_()} << 32 | random_(), 1U << kind % 4); }
  Raw array(const std::vector<Raw>& elements) {
    const std::size_t count = elements.size();
    return (below(4) != 0   ? head(0x90 + static_cast<unsigned>(count), 0, 0)
            : below(2) == 0 ? head(0xdc, count, 2)
                            : head(0xdd, count, 4)) +
           join(elements);
  }
  Raw sized(unsigned first, std::string_view bytes) {
    const std::size_t shortest = bytes.size() < 256 ? 0 : bytes.size() < 65536 ? 1 : 2;
    const std::size_t step = shortest + below(3 - shortest);
    return head(first + static_cast<unsigned>(step), bytes.size(), 1U << step) + Raw(bytes);
  }
  Raw string(std::string_view bytes) { return below(2) == 0 ? str(bytes) : sized(0xd9, bytes); }
  Raw binary(std::string_view bytes) { return sized(0xc4, bytes); }
  std::string text() {
    return std::string(below(12) == 0 ? below(400) : below(12), static_cast<char>('a' + below(26)));
  }

  std::mt19937 random_;
};

std::vector<std::string> events_of(testing::FakeConnection& connection) {
  std::vector<std::string> events;
  for (const Delivery& delivery : connection.deliveries()) {
    delivery.batch->for_each([&](const Event& event) {
      events.push_back(
          cat(delivery.batch->tag().text(), " ", testing::time_text(event.time), " ", packed(event.record.value())));
    });
  }
  return events;
}
std::vector<std::string> acks_of(const std::vector<std::string>& sent) {
  std::vector<std::string> acks;
  for (const std::string& bytes : sent) {
    const auto handle = oracle::unpack(bytes.data(), bytes.size());
    acks.push_back(packed(handle.get().via.map.ptr[0].val));
  }
  return acks;
}

TEST(ForwardOracle, random_messages_cut_at_random_are_the_events_that_msgpack_c_reads) {
  std::size_t events = 0;
  for (unsigned seed = 1; seed <= 600; ++seed) {
    Generator generate(seed);
    Raw stream(1, '\xc0');  // a top-level '[' or '{' of ours is a number, not JSON
    Expected expected;
    for (std::size_t i = 1 + generate.below(12); i > 0; --i) {
      const auto message = generate.message();
      expect_message(oracle::unpack(message.bytes.data(), message.bytes.size()).get(), message.payload, expected);
      stream += message.bytes;
    }
    for (const Cuts& cuts : {Cuts{}, every_byte(stream.size()), random_cuts(stream.size(), generate.random()),
                             random_cuts(stream.size(), generate.random())}) {
      Forward forward;
      forward.driver.feed_cut(stream, cuts);
      EXPECT_TRUE(forward.driver.run_timers());
      ASSERT_TRUE(forward.open()) << "seed " << seed;
      ASSERT_EQ(events_of(forward.connection()), expected.events) << "seed " << seed;
      ASSERT_EQ(acks_of(forward.sent()), expected.acks) << "seed " << seed;
      EXPECT_EQ(forward.driver.residue(), 0U);
    }
    events += expected.events.size();
  }
  EXPECT_GT(events, 3000U) << "the generator must be worth something";
}

}  // namespace
}  // namespace logboom::in_forward::test
