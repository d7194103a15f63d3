#pragma once

#include <memory>

#include <logboom/config_element.hpp>
#include <logboom/log.hpp>

namespace logboom {

/// The log of a plugin whose element has `@log_level`: lines of that level and above go to `log`, whatever its own
/// level is. nullptr where the element has none. Throws ConfigError for a word that is no level.
std::unique_ptr<Log> make_plugin_log(const Element& element, Log& log);

}  // namespace logboom
