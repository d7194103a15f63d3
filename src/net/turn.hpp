#pragma once

#include <chrono>
#include <cstddef>

namespace logboom::net {

/// How many bytes each connection may bring when it is its turn. In each round every connection that has something is
/// read once, so that a fast one gets no more than this many bytes ahead of the others. A stream may be cut anywhere:
/// nobody has to be given a deficit for the next round.
///
/// Reads are large while they cost little. Where what is done with the bytes takes so long that a round keeps others
/// waiting, each gets less.
class Turn {
 public:
  static constexpr std::size_t most = std::size_t{256} << 10;
  static constexpr std::size_t least = std::size_t{16} << 10;
  /// A round is not to take longer than this.
  static constexpr std::chrono::milliseconds long_round{8};

  std::size_t bytes() const noexcept { return bytes_; }
  /// A round has taken so long.
  void after_round(std::chrono::nanoseconds took) noexcept;

 private:
  std::size_t bytes_ = most;
};

}  // namespace logboom::net
