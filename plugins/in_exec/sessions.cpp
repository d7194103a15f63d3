#include "sessions.hpp"

namespace logboom::in_exec {

namespace {

constexpr std::size_t longest_line = std::size_t{64} << 20;

}  // namespace

std::size_t LineSession::on_bytes(const SlabPtr&, std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; (at = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(at + 1)) {
    if (std::exchange(skipping_, false)) continue;
    if (begun_.empty()) {
      line(rest.substr(0, at));
    } else {
      line(std::exchange(begun_, {}).append(rest.substr(0, at)));
    }
  }
  if (!skipping_) begun_.append(rest);
  if (begun_.size() > longest_line) {
    begun_ = {};
    skipping_ = true;
    too_long();
  }
  lines_end();
  return size;
}

void LineSession::on_end(net::End, std::size_t) {
  if (begun_.empty()) return;
  line(std::exchange(begun_, {}));
  lines_end();
}

std::size_t OutputSession::on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
  now_ = time_now();
  if (!is_stream_) return LineSession::on_bytes(slab, data, size);
  line({reinterpret_cast<const char*>(data), size});
  lines_end();
  return size;
}

}  // namespace logboom::in_exec
