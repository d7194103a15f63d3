#pragma once

#include <string_view>

#include <logboom/json.hpp>

#include "base/json_sink.hpp"

namespace logboom::json {

/// How the characters are looked at: 16 at a time by the processor's vector instructions where the build has them, or
/// eight at a time by plain arithmetic, which gives the same bytes everywhere.
enum class Scan : bool { vector, portable };

/// Appends `text` as a string, quotes included.
template <Scan>
void put_string(Sink& sink, std::string_view text, InvalidUtf8 invalid);

extern template void put_string<Scan::vector>(Sink&, std::string_view, InvalidUtf8);
extern template void put_string<Scan::portable>(Sink&, std::string_view, InvalidUtf8);

/// The length of the UTF-8 character at `p` (before `end`), or 0 where there is none; `broken` is then the length of
/// the maximal subpart to replace (Unicode 15, section 3.9).
std::size_t utf8_length(const unsigned char* p, const unsigned char* end, std::size_t& broken) noexcept;

}  // namespace logboom::json
