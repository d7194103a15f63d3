#pragma once

#include <optional>

#include <logboom/net.hpp>
#include <logboom/plugin.hpp>
#include <logboom/receipt.hpp>

namespace logboom {

/// What a `<source>` names.
class Input : public Plugin {
 public:
  /// Once, on the main thread, after the whole pipeline stands: opens listeners. May throw ConfigError or
  /// std::system_error, which ends the start with exit status 1.
  virtual void start(net::Host& host) = 0;
  /// When it acknowledges messages, if it does: what the configuration is checked for.
  virtual std::optional<AckLevel> ack_level() const { return std::nullopt; }
};

}  // namespace logboom
