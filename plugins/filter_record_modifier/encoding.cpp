#include "encoding.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <stdexcept>

namespace logboom::plugins::record_modifier {
namespace {

/// Ruby's name of an encoding as the C library has it.
std::string library_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name == "WINDOWS-31J") return "CP932";
  if (name == "ASCII-8BIT" || name == "BINARY") return "UTF-8";
  return name;
}

}  // namespace

Encoding::Encoding(const std::string& from, const std::string& to)
    : descriptor_(iconv_open(library_name(to).c_str(), library_name(from).c_str())),
      replacement_(library_name(to) == "UTF-8" ? "\xef\xbf\xbd" : "?") {
  if (descriptor_ == reinterpret_cast<iconv_t>(-1)) {
    throw std::invalid_argument("there is no conversion from '" + from + "' to '" + to + "'");
  }
}

std::string_view Encoding::convert(std::string_view text) {
  out_.clear();
  iconv(descriptor_, nullptr, nullptr, nullptr, nullptr);
  std::array<char, 1024> piece{};
  char* at = const_cast<char*>(text.data());  // iconv does not write there
  std::size_t left = text.size();
  while (left > 0) {
    char* to = piece.data();
    std::size_t room = piece.size();
    const std::size_t result = iconv(descriptor_, &at, &left, &to, &room);
    const int error = errno;
    out_.append(piece.data(), piece.size() - room);
    if (result != static_cast<std::size_t>(-1) || error == E2BIG) continue;
    // A byte that begins no character, a character that the target has not, or the text's end inside a character.
    out_.append(replacement_);
    if (error == EINVAL) break;
    do {
      ++at;
      --left;
    } while (left > 0 && replacement_ == "?" && (static_cast<unsigned char>(*at) & 0xc0) == 0x80);
  }
  return out_;
}

}  // namespace logboom::plugins::record_modifier
