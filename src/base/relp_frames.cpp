#include <logboom/ascii.hpp>
#include <logboom/relp_frames.hpp>

namespace logboom {

namespace {

constexpr std::size_t longest_number = 9;
constexpr std::size_t longest_command = 32;

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// A word of characters that `fits` says are its own, behind which another one stands.
template <class Fits>
RelpScan take_word(std::string_view bytes, std::size_t& at, std::size_t longest, Fits&& fits,
                   std::string_view& word) noexcept {
  const std::size_t begin = at;
  while (at < bytes.size() && at - begin <= longest && fits(bytes[at])) ++at;
  word = bytes.substr(begin, at - begin);
  if (word.size() > longest) return RelpScan::malformed;
  if (at == bytes.size()) return RelpScan::incomplete;
  return word.empty() ? RelpScan::malformed : RelpScan::complete;
}

}  // namespace

RelpScan scan_relp_head(std::string_view bytes, RelpFrame& frame, std::size_t& length) noexcept {
  std::size_t at = 0;
  std::string_view digits;
  if (const RelpScan scan = take_word(bytes, at, longest_number, is_digit, frame.transaction);
      scan != RelpScan::complete) {
    return scan;
  }
  if (bytes[at++] != ' ') return RelpScan::malformed;
  if (const RelpScan scan = take_word(bytes, at, longest_command, is_letter, frame.command);
      scan != RelpScan::complete) {
    return scan;
  }
  if (bytes[at++] != ' ') return RelpScan::malformed;
  if (const RelpScan scan = take_word(bytes, at, longest_number, is_digit, digits); scan != RelpScan::complete) {
    return scan;
  }
  length = 0;
  for (const char c : digits) length = length * 10 + static_cast<std::size_t>(c - '0');
  if (bytes[at] == ' ') {
    ++at;
  } else if (length != 0) {
    return RelpScan::malformed;
  }
  frame.data = {};
  frame.size = at;
  return RelpScan::complete;
}

RelpScan scan_relp(std::string_view bytes, std::size_t longest, RelpFrame& frame) noexcept {
  std::size_t length = 0;
  if (const RelpScan scan = scan_relp_head(bytes, frame, length); scan != RelpScan::complete) return scan;
  if (length > longest) return RelpScan::malformed;
  const std::size_t at = frame.size;
  if (bytes.size() - at <= length) return RelpScan::incomplete;
  if (bytes[at + length] != '\n') return RelpScan::malformed;
  frame.data = bytes.substr(at, length);
  frame.size = at + length + 1;
  return RelpScan::complete;
}

void append_relp(std::string& out, std::string_view transaction, std::string_view command, std::string_view data) {
  out.append(transaction).append(" ").append(command).append(" ").append(std::to_string(data.size()));
  if (!data.empty()) out.append(" ").append(data);
  out.push_back('\n');
}

}  // namespace logboom
