#pragma once

#include <iconv.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace logboom::plugins::record_modifier {

/// Converts texts from one character encoding to another, by the C library. Threads: one at a time.
class Encoding {
 public:
  /// Throws std::invalid_argument where the library does not know one of the names.
  Encoding(const std::string& from, const std::string& to);
  Encoding(const Encoding&) = delete;
  Encoding& operator=(const Encoding&) = delete;
  ~Encoding() { iconv_close(descriptor_); }

  /// What can't be read or written becomes U+FFFD where the target is UTF-8, `?` elsewhere. The result is valid until
  /// the next call.
  std::string_view convert(std::string_view text);

 private:
  iconv_t descriptor_;
  std::string_view replacement_;
  std::string out_;
};

}  // namespace logboom::plugins::record_modifier
