#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../chunks.hpp"

/// Datagrams of a length each: whatever comes, what is not whole is bounded, and a whole message has its parts' length.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logboom::in_gelf::Chunks;
  Chunks chunks;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string message;
  Chunks::Clock::time_point now{};
  std::size_t fed = 0;
  while (!rest.empty()) {
    const std::size_t length = static_cast<unsigned char>(rest[0]) % 32;
    std::string datagram = "\x1e\x0f";
    datagram.append(rest.substr(1, length));
    rest.remove_prefix(rest.size() < length + 1 ? rest.size() : length + 1);
    fed += datagram.size();
    if (chunks.add("sender", datagram, now, message) == Chunks::Outcome::whole && message.size() > fed) std::abort();
    now += std::chrono::milliseconds(100);
    if ((fed & 7) == 0) chunks.expire(now);
  }
  chunks.expire(Chunks::Clock::time_point::max());
  if (chunks.waiting() != 0) std::abort();
  return 0;
}
