#include <logboom/msgpack.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <msgpack.hpp>
#include <random>
#include <string>
#include <vector>

namespace {

using logboom::OutBuffer;
using logboom::msgpack::Scan;
using logboom::msgpack::Skipper;
using logboom::msgpack::Type;
using logboom::msgpack::Value;
using logboom::msgpack::Writer;

const std::uint8_t* begin_of(std::string_view bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }
Value value_of(std::string_view bytes) { return {begin_of(bytes), begin_of(bytes) + bytes.size()}; }

struct Skipped {
  Scan scan;
  std::size_t used;
};
Skipped skip(std::string_view bytes, std::uint64_t objects = 1) {
  Skipper skipper;
  skipper.start(objects);
  const std::uint8_t* p = begin_of(bytes);
  const Scan scan = skipper.advance(p, p + bytes.size());
  return {scan, static_cast<std::size_t>(p - begin_of(bytes))};
}

/// A document with everything in it that may be, headers wider than needed included.
class Documents {
 public:
  explicit Documents(unsigned seed) : random_(seed) {}

  std::string next() {
    out_.clear();
    add(4);
    return out_;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  void number(std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out_ += static_cast<char>(value >> (8 * i));
  }
  void sized(unsigned first, unsigned widths) {
    const unsigned width = below(widths);
    const unsigned size = below(width == 0 ? 200 : 300);
    out_ += static_cast<char>(first + width);
    number(size, 1u << width);
    out_ += std::string(size, static_cast<char>(random_()));
  }
  void children(unsigned fix, unsigned wide, unsigned per_child, unsigned depth) {
    const unsigned count = below(5);
    const unsigned form = below(3);
    out_ += static_cast<char>(form == 0 ? fix + count : wide + form - 1);
    if (form != 0) number(count, form == 1 ? 2 : 4);
    for (unsigned i = 0; i < count * per_child; ++i) add(depth - 1);
  }
  void add(unsigned depth) {
    switch (below(depth == 0 ? 8 : 12)) {
      case 0: out_ += static_cast<char>(below(128)); return;
      case 1: out_ += static_cast<char>(0xe0 + below(32)); return;
      case 2: out_ += static_cast<char>(0xc0 + (below(2) != 0 ? 2 + below(2) : 0)); return;
      case 3: {
        const unsigned width = below(4);
        out_ += static_cast<char>((below(2) != 0 ? 0xcc : 0xd0) + width);
        number(random_(), 1u << width);
        return;
      }
      case 4: {
        const unsigned size = below(32);
        out_ += static_cast<char>(0xa0 + size) + std::string(size, 's');
        return;
      }
      case 5: sized(below(2) != 0 ? 0xd9 : 0xc4, 3); return;
      case 6: {
        const bool wide = below(2) != 0;
        out_ += static_cast<char>(wide ? 0xcb : 0xca);
        number(random_(), wide ? 8 : 4);
        return;
      }
      case 7: {
        const unsigned form = below(4);
        out_ += static_cast<char>(form == 0 ? 0xd7 : 0xc6 + form);
        if (form != 0) number(8, 1u << (form - 1));
        out_ += '\0';
        number(random_(), 8);
        return;
      }
      case 8:
      case 9: return children(0x90, 0xdc, 1, depth);
      default: return children(0x80, 0xde, 2, depth);
    }
  }

  std::mt19937_64 random_;
  std::string out_;
};

TEST(MsgpackSkipper, every_first_byte_is_followed_by_what_msgpack_c_takes) {
  for (unsigned first = 0; first < 256; ++first) {
    std::string bytes(1, static_cast<char>(first));
    if (first >= 0xc7 && first <= 0xc9) bytes += std::string((1u << (first - 0xc7)) - 1, '\0') + '\x08';
    bytes += std::string(40, '\0');
    const Skipped skipped = skip(bytes);
    const bool other_extension = first >= 0xd4 && first <= 0xd8 && first != 0xd7;
    EXPECT_EQ(skipped.scan, first == 0xc1 || other_extension ? Scan::malformed : Scan::complete) << first;
    if (skipped.scan != Scan::complete) continue;
    std::size_t end = 0;
    msgpack::unpack(bytes.data(), bytes.size(), end);
    EXPECT_EQ(skipped.used, end) << first;
    EXPECT_NE(logboom::msgpack::type_of(static_cast<std::uint8_t>(first)), Type::invalid);
  }
}

TEST(MsgpackSkipper, random_documents_end_where_msgpack_c_says) {
  Documents documents(1);
  for (int i = 0; i < 3'000; ++i) {
    const std::string bytes = documents.next();
    std::size_t end = 0;
    msgpack::unpack(bytes.data(), bytes.size(), end);
    ASSERT_EQ(end, bytes.size());
    const Skipped skipped = skip(bytes + "\x01rest");
    ASSERT_EQ(skipped.scan, Scan::complete);
    ASSERT_EQ(skipped.used, bytes.size());
  }
}

TEST(MsgpackSkipper, no_cut_of_the_input_changes_the_result) {
  Documents documents(2);
  for (int i = 0; i < 60; ++i) {
    const std::string bytes = documents.next();
    const std::size_t step = 1 + bytes.size() / 400;
    for (std::size_t cut = 0; cut < bytes.size(); cut += step) {
      Skipper skipper;
      skipper.start();
      const std::uint8_t* p = begin_of(bytes);
      ASSERT_EQ(skipper.advance(p, begin_of(bytes) + cut), Scan::incomplete);
      ASSERT_LE(begin_of(bytes) + cut - p, 8);
      ASSERT_FALSE(skipper.idle());
      ASSERT_EQ(skipper.advance(p, begin_of(bytes) + bytes.size()), Scan::complete);
      ASSERT_EQ(p, begin_of(bytes) + bytes.size());
      ASSERT_TRUE(skipper.idle());
    }
  }
}

TEST(MsgpackSkipper, bytes_may_come_one_at_a_time) {
  Documents documents(3);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = documents.next();
    Skipper skipper;
    skipper.start();
    const std::uint8_t* p = begin_of(bytes);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      ASSERT_EQ(skipper.advance(p, begin_of(bytes) + size), Scan::incomplete);
    }
    ASSERT_EQ(skipper.advance(p, begin_of(bytes) + bytes.size()), Scan::complete);
  }
}

TEST(MsgpackSkipper, several_objects_can_be_skipped_at_once) {
  const Skipped skipped = skip(std::string_view("\x01\xa1x\x92\x01\x02\x03", 7), 3);
  EXPECT_EQ(skipped.scan, Scan::complete);
  EXPECT_EQ(skipped.used, 6u);
}

TEST(MsgpackSkipper, promised_lengths_cost_nothing) {
  EXPECT_EQ(skip("\xdd\xff\xff\xff\xff").scan, Scan::incomplete);
  EXPECT_EQ(skip("\xdf\xff\xff\xff\xff").scan, Scan::incomplete);
  EXPECT_EQ(skip("\xdb\xff\xff\xff\xff").scan, Scan::incomplete);
  EXPECT_EQ(skip(std::string(1'000'000, '\x91')).scan, Scan::incomplete);
  EXPECT_EQ(skip(std::string(1'000'000, '\x91') + '\x01').scan, Scan::complete);
  EXPECT_EQ(skip(std::string(1'000'000, '\xdf')).scan, Scan::incomplete);
}

TEST(MsgpackSkipper, only_event_time_is_an_extension) {
  EXPECT_EQ(skip(std::string("\xd7\x00", 2) + std::string(8, 'x')).scan, Scan::complete);
  EXPECT_EQ(skip(std::string("\xc7\x08\x00", 3) + std::string(8, 'x')).scan, Scan::complete);
  EXPECT_EQ(skip("\xd7\x01xxxxxxxx").scan, Scan::malformed);
  EXPECT_EQ(skip(std::string("\xc7\x07\x00", 3) + std::string(7, 'x')).scan, Scan::malformed);
  EXPECT_EQ(skip(std::string_view("\xd4\x00x", 3)).scan, Scan::malformed);
}

TEST(MsgpackSkipper, malformed_bytes_are_found_inside_a_document) {
  EXPECT_EQ(skip("\x92\x01\xc1").scan, Scan::malformed);
  EXPECT_EQ(logboom::msgpack::skip(begin_of("\xc1"), begin_of("\xc1") + 1), nullptr);
}

template <class T>
std::string packed(const T& value) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, value);
  return {buffer.data(), buffer.size()};
}
template <class F>
std::string written(F&& write) {
  OutBuffer out;
  Writer writer(out);
  write(writer);
  return std::string(out.text());
}

std::vector<std::int64_t> edges() {
  std::vector<std::int64_t> numbers{0, std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()};
  for (int bit = 0; bit < 63; ++bit) {
    for (int off = -2; off <= 2; ++off) {
      numbers.push_back((std::int64_t{1} << bit) + off);
      numbers.push_back(-(std::int64_t{1} << bit) + off);
    }
  }
  for (int i = -40; i < 300; ++i) numbers.push_back(i);
  return numbers;
}

TEST(MsgpackWriter, integers_are_the_bytes_that_msgpack_c_writes_and_read_back) {
  for (const std::int64_t number : edges()) {
    const std::string bytes = written([&](Writer& w) { w.integer(number); });
    EXPECT_EQ(bytes, packed(number)) << number;
    std::int64_t read = 0;
    EXPECT_TRUE(value_of(bytes).to_int(read));
    EXPECT_EQ(read, number);
    std::uint64_t positive = 0;
    EXPECT_EQ(value_of(bytes).to_uint(positive), number >= 0);
  }
}

TEST(MsgpackWriter, unsigned_integers_go_up_to_64_bits) {
  for (const std::uint64_t number : {std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{7}}) {
    const std::string bytes = written([&](Writer& w) { w.unsigned_integer(number); });
    EXPECT_EQ(bytes, packed(number));
    std::uint64_t read = 0;
    EXPECT_TRUE(value_of(bytes).to_uint(read));
    EXPECT_EQ(read, number);
    std::int64_t with_sign = 0;
    EXPECT_EQ(value_of(bytes).to_int(with_sign), number == 7);
  }
}

TEST(MsgpackWriter, strings_and_binaries_have_the_shortest_header) {
  for (const std::size_t size : {0u, 1u, 31u, 32u, 255u, 256u, 65'535u, 65'536u}) {
    const std::string text(size, 'x');
    const std::string string = written([&](Writer& w) { w.string(text); });
    EXPECT_EQ(string, packed(text));
    EXPECT_EQ(value_of(string).type(), Type::string);
    EXPECT_EQ(value_of(string).text(), text);
    const std::string binary = written([&](Writer& w) { w.binary(text); });
    EXPECT_EQ(binary, packed(std::vector<char>(text.begin(), text.end())));
    EXPECT_EQ(value_of(binary).type(), Type::binary);
    EXPECT_EQ(value_of(binary).text(), text);
  }
}

TEST(MsgpackWriter, containers_have_the_shortest_header) {
  for (const std::uint32_t count : {0u, 1u, 15u, 16u, 65'535u, 65'536u}) {
    msgpack::sbuffer array;
    msgpack::packer<msgpack::sbuffer>(array).pack_array(count);
    EXPECT_EQ(written([&](Writer& w) { w.array(count); }), std::string(array.data(), array.size()));
    msgpack::sbuffer map;
    msgpack::packer<msgpack::sbuffer>(map).pack_map(count);
    EXPECT_EQ(written([&](Writer& w) { w.map(count); }), std::string(map.data(), map.size()));
    EXPECT_EQ(value_of({map.data(), map.size()}).count(), count);
    EXPECT_EQ(value_of({array.data(), array.size()}).count(), count);
    EXPECT_EQ(value_of({map.data(), map.size()}).children(), begin_of({map.data(), map.size()}) + map.size());
  }
}

TEST(MsgpackWriter, the_other_types_are_as_msgpack_c_writes_them) {
  EXPECT_EQ(written([](Writer& w) { w.nil(); }), packed(msgpack::type::nil_t()));
  EXPECT_EQ(written([](Writer& w) { w.boolean(true), w.boolean(false); }), packed(true) + packed(false));
  EXPECT_EQ(written([](Writer& w) { w.floating(-0.1); }), packed(-0.1));
  EXPECT_EQ(written([](Writer& w) { w.event_time(0x01020304, 0xa0b0c0d0); }),
            std::string("\xd7\x00\x01\x02\x03\x04\xa0\xb0\xc0\xd0", 10));
}

TEST(MsgpackValue, a_value_of_another_type_gives_nothing) {
  const Value text = value_of("\xa1x");
  std::int64_t number = 0;
  double real = 0;
  EXPECT_FALSE(text.to_int(number));
  EXPECT_FALSE(text.to_double(real));
  EXPECT_EQ(text.count(), 0u);
  EXPECT_EQ(value_of("\x01").text(), "");
  EXPECT_FALSE(value_of("\xca....").to_int(number));
}

TEST(MsgpackValue, floats_of_both_widths_are_read) {
  double real = 0;
  EXPECT_TRUE(value_of(packed(1.5f)).to_double(real));
  EXPECT_EQ(real, 1.5);
  EXPECT_TRUE(value_of(packed(-1e300)).to_double(real));
  EXPECT_EQ(real, -1e300);
}

TEST(MsgpackValue, only_nil_and_false_are_not_truthy) {
  for (const std::string_view bytes : {std::string_view("\xc0"), std::string_view("\xc2")}) {
    EXPECT_FALSE(value_of(bytes).truthy());
  }
  for (const std::string_view bytes : {std::string_view("\xc3"), std::string_view("\0", 1), std::string_view("\xa0")}) {
    EXPECT_TRUE(value_of(bytes).truthy());
  }
}

}  // namespace
