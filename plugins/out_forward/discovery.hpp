#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "options.hpp"
#include "settings.hpp"

namespace logboom::out_forward {

/// A source of servers. Threads: one at a time, but for `interrupt`.
class Discovery {
 public:
  virtual ~Discovery() = default;
  using Clock = std::chrono::steady_clock;
  /// True where `servers` was set to what there is now; false where nothing is new, or where it can't be known by
  /// `until`: `why` then says why.
  virtual bool look(std::vector<ServerSettings>& servers, std::string& why,
                    Clock::time_point until = Clock::time_point::max()) = 0;
  /// `look` waits for no name server any more. Any thread.
  virtual void interrupt() noexcept {}
  /// How often to look.
  virtual std::chrono::nanoseconds interval() const = 0;
};

/// `section` is the `<service_discovery>` that `options` came from. Throws ConfigError.
std::unique_ptr<Discovery> make_discovery(const DiscoveryOptions& options, const Element& section);

/// The servers of a list in YAML, or JSON. Throws std::runtime_error, which says what is wrong where.
std::vector<ServerSettings> read_server_list(const std::string& text, bool is_json);

std::unique_ptr<Discovery> make_file_discovery(const DiscoveryOptions& options);
std::unique_ptr<Discovery> make_srv_discovery(const DiscoveryOptions& options);

}  // namespace logboom::out_forward
