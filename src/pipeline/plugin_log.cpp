#include "pipeline/plugin_log.hpp"

#include <algorithm>
#include <array>

namespace logboom {

namespace {

constexpr std::array<std::string_view, 6> level_names{"trace", "debug", "info", "warn", "error", "fatal"};

class PluginLog final : public Log {
 public:
  PluginLog(Log& log, LogLevel level) : log_(log) { set_level(level); }
  void write(LogLevel level, std::string_view message) override { log_.write(level, message); }

 private:
  Log& log_;
};

}  // namespace

std::unique_ptr<Log> make_plugin_log(const Element& element, Log& log) {
  const Attribute* const attribute = element.find("@log_level");
  if (attribute == nullptr || attribute->is_nil || attribute->is_default) return nullptr;
  const std::string name = config_value::enumeration(*attribute, level_names);
  const auto index = std::find(level_names.begin(), level_names.end(), name) - level_names.begin();
  return std::make_unique<PluginLog>(log, static_cast<LogLevel>(index));
}

}  // namespace logboom
