#include <logboom/json_reader.hpp>

namespace logboom {
namespace {

bool is_json_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

JsonFramer::Frame JsonFramer::advance(const char* data, std::size_t size) noexcept {
  using msgpack::Scan;
  std::size_t i = 0;
  if (depth_ == 0) {
    while (i < size && is_json_space(data[i])) ++i;
    if (i < size && data[i] != '{' && data[i] != '[') return {Scan::malformed, i};
  }
  for (; i < size; ++i) {
    const char c = data[i];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      if (++depth_ > json_max_depth) return {Scan::malformed, i};
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      return {Scan::complete, i + 1};
    }
  }
  return {Scan::incomplete, size};
}

}  // namespace logboom
