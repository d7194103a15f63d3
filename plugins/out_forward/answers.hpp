#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::out_forward {

/// Reads what a server answers, sans-io: msgpack maps `{"ack": id}` one after the other.
class AnswerReader {
 public:
  /// Appends the ids of whole answers. Empty, or why this is no answer; then the connection is of no use any more.
  std::string feed(std::string_view bytes, std::vector<std::string>& ids);

 private:
  static constexpr std::size_t longest = 4096;
  std::string rest_;
  bool begun_ = false;  // what it is was decided by its first bytes
};

}  // namespace logboom::out_forward
