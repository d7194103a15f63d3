#pragma once

#include <chrono>
#include <cstdint>
#include <system_error>

namespace logboom {

/// Connects to 127.0.0.1:`port`, waits no longer than `patience`, and hangs up. No error where somebody listens.
std::error_code healthcheck(std::uint16_t port, std::chrono::seconds patience = std::chrono::seconds(3));

}  // namespace logboom
