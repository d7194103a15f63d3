#include "net/turn.hpp"

namespace logboom::net {

void Turn::after_round(std::chrono::nanoseconds took) noexcept {
  if (took > long_round && bytes_ > least) {
    bytes_ /= 2;
  } else if (took < long_round / 4 && bytes_ < most) {
    bytes_ *= 2;
  }
}

}  // namespace logboom::net
