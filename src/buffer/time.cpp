#include <logboom/buffer.hpp>

namespace logboom {

const TimeSource& TimeSource::system() noexcept {
  static const TimeSource source;
  return source;
}

void TimeSlices::find(std::int64_t sec) {
  low_ = timekey_floor(sec, timekey_, zone_.at(sec).utc_offset);
  high_ = timekey_ > 0 ? low_ + timekey_ : low_ + 1;
}

}  // namespace logboom
