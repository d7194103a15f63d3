#include "base/json_string.hpp"

#include <simdjson.h>

#include <bit>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace logboom::json {
namespace {

/// How far a block of 16 bytes is copied beyond the end of what is wanted.
constexpr std::size_t slop = 16;

template <class T>
T load(const char* p) noexcept {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}
template <class T>
void store(char* p, T value) noexcept {
  std::memcpy(p, &value, sizeof value);
}

constexpr std::uint64_t each(std::uint8_t byte) noexcept { return 0x0101010101010101u * byte; }

/// The top bit of the first byte (in memory order: the lowest) that stops a copy is set; those behind it may lie.
template <bool stop_at_high>
std::uint64_t stops_in_word(std::uint64_t word) noexcept {
  const auto zero_in = [](std::uint64_t x) { return (x - each(1)) & ~x; };
  std::uint64_t stops = zero_in(word ^ each('"')) | zero_in(word ^ each('\\')) | ((word - each(0x20)) & ~word);
  if constexpr (stop_at_high) stops |= word;
  return stops & each(0x80);
}

std::uint64_t load_little(const char* p) noexcept {
  const auto word = load<std::uint64_t>(p);
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

/// What each ASCII character that needs an escape becomes: up to six bytes, and how many in the last.
struct Escapes {
  char text[128][8] = {};
  constexpr Escapes() {
    constexpr std::string_view letters = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    constexpr std::string_view hex = "0123456789abcdef";
    for (std::size_t c = 0; c < 128; ++c) {
      const char letter = c < 0x20 ? letters[c] : static_cast<char>(c);
      const char escape[8] = {'\\',        letter,      '0', '0',
                              hex[c >> 4], hex[c & 15], 0,   static_cast<char>(letter == 'u' ? 6 : 2)};
      for (std::size_t i = 0; i < 8; ++i) text[c][i] = escape[i];
    }
  }
};
constexpr Escapes escapes;

/// Eight bytes may be written at `at`.
char* put_escape(char* at, unsigned char c) noexcept {
  std::memcpy(at, escapes.text[c], 8);
  return at + escapes.text[c][7];
}

/// A copy that stops at the first byte which needs a look: `"`, `\`, a control character, and any byte that is not
/// ASCII if `stop_at_high`. Up to `slop` bytes behind the copy are overwritten.
struct Portable {
  template <bool stop_at_high>
  static void copy(const char*& from, const char* end, char*& to) noexcept {
    const char* s = from;
    char* d = to;
    while (end - s >= 8) {
      store(d, load<std::uint64_t>(s));
      if (const std::uint64_t stops = stops_in_word<stop_at_high>(load_little(s)); stops != 0) {
        const int n = std::countr_zero(stops) / 8;
        from = s + n;
        to = d + n;
        return;
      }
      s += 8;
      d += 8;
    }
    copy_bytes<stop_at_high>(s, end, d);
    from = s;
    to = d;
  }

  template <bool stop_at_high>
  static void copy_escaping(Sink&, const char*&, const char*) noexcept {}

  template <bool stop_at_high>
  static void copy_bytes(const char*& s, const char* end, char*& d) noexcept {
    for (; s != end; *d++ = *s++) {
      const auto c = static_cast<unsigned char>(*s);
      if (c < 0x20 || c == '"' || c == '\\' || (stop_at_high && c >= 0x80)) return;
    }
  }
};

#ifdef __SSE2__
struct Vector {
  template <bool stop_at_high>
  static unsigned stops(__m128i block) noexcept {
    __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    if constexpr (stop_at_high) {
      hit = _mm_or_si128(hit, _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)));  // signed: bytes from 0x80 on are below too
    } else {
      hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_max_epu8(block, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f)));
    }
    return static_cast<unsigned>(_mm_movemask_epi8(hit));
  }

  template <bool stop_at_high>
  static void copy(const char*& from, const char* end, char*& to) noexcept {
    const std::ptrdiff_t size = end - from;
    if (size < 16) return copy_short<stop_at_high>(from, size, to);
    std::ptrdiff_t i = 0;
    for (; i <= size - 16; i += 16) {
      const unsigned mask = copy_block<stop_at_high>(from + i, to + i);
      if (mask != 0) return move(from, to, i + std::countr_zero(mask));
    }
    if (i == size) return move(from, to, size);
    // The last 16 bytes, of which the first are already known to be harmless.
    i = size - 16;
    const unsigned mask = copy_block<stop_at_high>(from + i, to + i);
    move(from, to, mask != 0 ? i + std::countr_zero(mask) : size);
  }

  /// Copies and escapes as long as there are two blocks, for text with many escapes; stops at a byte that is not ASCII
  /// if `stop_at_high`.
  template <bool stop_at_high>
  static void copy_escaping(Sink& sink, const char*& from, const char* end) {
    while (end - from >= 32) {
      sink.need(static_cast<std::size_t>(end - from) + 6 * 16 + slop);
      unsigned mask = copy_block<stop_at_high>(from, sink.at);
      std::ptrdiff_t done = 0;
      for (; mask != 0; mask &= mask - 1) {
        const std::ptrdiff_t stop = std::countr_zero(mask);
        sink.at += stop - done;
        const auto c = static_cast<unsigned char>(from[stop]);
        if (stop_at_high && c >= 0x80) {
          from += stop;
          return;
        }
        sink.at = put_escape(sink.at, c);
        done = stop + 1;
        copy_block<stop_at_high>(from + done, sink.at);
      }
      sink.at += 16 - done;
      from += 16;
    }
  }

  /// Copies 16 bytes; the bits of those that stop a copy.
  template <bool stop_at_high>
  static unsigned copy_block(const char* from, char* to) noexcept {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
    return stops<stop_at_high>(block);
  }

  template <bool stop_at_high>
  static void copy_short(const char*& from, std::ptrdiff_t size, char*& to) noexcept {
    if (size >= 8) {
      const auto first = load<std::int64_t>(from);
      const auto last = load<std::int64_t>(from + size - 8);
      store(to, first);
      store(to + size - 8, last);
      return settle(from, to, size, 8, stops<stop_at_high>(_mm_set_epi64x(last, first)));
    }
    if (size >= 4) {
      const auto first = load<std::int32_t>(from);
      const auto last = load<std::int32_t>(from + size - 4);
      store(to, first);
      store(to + size - 4, last);
      return settle(from, to, size, 4, stops<stop_at_high>(_mm_set_epi32(0, 0, last, first)) & 0xff);
    }
    Portable::copy_bytes<stop_at_high>(from, from + size, to);
  }

  /// `mask` is of two overlapping pieces of `half` bytes, the second of which ends at `size`.
  static void settle(const char*& from, char*& to, std::ptrdiff_t size, std::ptrdiff_t half, unsigned mask) noexcept {
    if (mask == 0) return move(from, to, size);
    const std::ptrdiff_t bit = std::countr_zero(mask);
    move(from, to, bit < half ? bit : size - 2 * half + bit);
  }
  static void move(const char*& from, char*& to, std::ptrdiff_t count) noexcept {
    from += count;
    to += count;
  }
};
#else
using Vector = Portable;
#endif

/// Copies the character at `from`, or U+FFFD in place of what is none.
void put_character(Sink& sink, const char*& from, const char* end) noexcept {
  std::size_t broken = 0;
  const auto* p = reinterpret_cast<const unsigned char*>(from);
  const std::size_t length = utf8_length(p, reinterpret_cast<const unsigned char*>(end), broken);
  if (length == 0) {
    std::memcpy(sink.at, "\xef\xbf\xbd", 3);
    sink.at += 3;
    from += broken;
    return;
  }
  for (std::size_t i = 0; i < length; ++i) *sink.at++ = *from++;
}

/// The rest of a string from the first byte on that can't be copied as it stands.
template <class Block>
[[gnu::noinline]] void put_rest(Sink& sink, const char* from, const char* end, InvalidUtf8 invalid) {
  bool copy_high = invalid == InvalidUtf8::raw;
  bool validated = copy_high;
  while (from != end) {
    sink.need(static_cast<std::size_t>(end - from) + 8 + slop);
    const auto c = static_cast<unsigned char>(*from);
    if (c < 0x80) {
      sink.at = put_escape(sink.at, c);
      ++from;
    } else if (!validated) {
      validated = true;
      copy_high = simdjson::validate_utf8(from, static_cast<std::size_t>(end - from));
    } else if (!copy_high) {
      put_character(sink, from, end);
    }
    if (copy_high) {
      Block::template copy_escaping<false>(sink, from, end);
      Block::template copy<false>(from, end, sink.at);
    } else if (from != end && static_cast<unsigned char>(*from) < 0x80) {
      Block::template copy_escaping<true>(sink, from, end);
      Block::template copy<true>(from, end, sink.at);
    }
  }
}

}  // namespace

std::size_t utf8_length(const unsigned char* p, const unsigned char* end, std::size_t& broken) noexcept {
  const unsigned char first = *p;
  broken = 1;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  for (; broken < length; ++broken, low = 0x80, high = 0xbf) {
    if (p + broken == end || p[broken] < low || p[broken] > high) return 0;
  }
  return length;
}

template <Scan scan>
void put_string(Sink& sink, std::string_view text, InvalidUtf8 invalid) {
  using Block = std::conditional_t<scan == Scan::vector, Vector, Portable>;
  sink.need(text.size() + 2 + slop);
  *sink.at++ = '"';
  const char* from = text.data();
  const char* end = from + text.size();
  Block::template copy<true>(from, end, sink.at);
  if (from != end) [[unlikely]] {
    put_rest<Block>(sink, from, end, invalid);
    sink.need(1);
  }
  *sink.at++ = '"';
}

template void put_string<Scan::vector>(Sink&, std::string_view, InvalidUtf8);
template void put_string<Scan::portable>(Sink&, std::string_view, InvalidUtf8);

}  // namespace logboom::json
