#include "discovery.hpp"

#include <logboom/log.hpp>

namespace logboom::out_forward {

namespace {

class StaticDiscovery final : public Discovery {
 public:
  explicit StaticDiscovery(const std::vector<ServerOptions>& services) : services_(services.begin(), services.end()) {}
  bool look(std::vector<ServerSettings>& servers, std::string&, Clock::time_point) override {
    if (std::exchange(told_, true)) return false;
    servers = services_;
    return true;
  }
  std::chrono::nanoseconds interval() const override { return std::chrono::hours(24); }

 private:
  std::vector<ServerSettings> services_;
  bool told_ = false;
};

}  // namespace

std::unique_ptr<Discovery> make_discovery(const DiscoveryOptions& options, const Element& section) {
  const Attribute* const type = section.find("@type");
  const std::string word = type == nullptr ? std::string() : type->value;
  if (word == "static") return std::make_unique<StaticDiscovery>(options.services);
  if (word == "file") return make_file_discovery(options);
  if (word != "srv") {
    throw ConfigError(
        type == nullptr ? section.pos : type->value_pos,
        cat("<service_discovery> needs `@type static`, `file` or `srv`", word.empty() ? "" : ", not ", word));
  }
  if (options.service.empty() || options.hostname.empty()) {
    throw ConfigError(section.pos, "<service_discovery> of `@type srv` needs `service` and `hostname`");
  }
  if (options.interval < std::chrono::seconds(1)) {
    throw ConfigError(section.pos, "<service_discovery>: interval must be 1 second or more");
  }
  return make_srv_discovery(options);
}

}  // namespace logboom::out_forward
