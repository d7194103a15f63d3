#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/formatter.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/testing.hpp>

namespace logboom::testing {

/// Makes one formatter from parameters, as a `<format>` section would, and formats records that are given as JSON.
/// Positions are those of FakeContext. For tests only.
class FormatterDriver {
 public:
  using Params = FakeContext::Params;

  explicit FormatterDriver(const PluginInfo& info, const Params& params = {})
      : context_("format", info.name, params), formatter_(info.make(context_.element(), context_)) {}

  Formatter& formatter() { return dynamic_cast<Formatter&>(*formatter_); }
  const std::vector<std::string>& warnings() const noexcept { return context_.warnings(); }

  std::string format(std::string_view tag, EventTime time, const msgpack::Value& record) {
    Event event;
    event.time = time;
    event.record = Record(record);
    OutBuffer out;
    if (!formatter().format(tag, event, out)) throw std::runtime_error("the formatter refused the event");
    return std::string(out.text());
  }
  std::string format(std::string_view tag, EventTime time, std::string_view json) {
    OutBuffer bytes;
    JsonError error;
    if (!JsonReader().read(json, bytes, error)) throw std::runtime_error(error.message);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return format(tag, time, msgpack::Value(data, data + bytes.size()));
  }

 private:
  FakeContext context_;
  std::unique_ptr<Plugin> formatter_;
};

}  // namespace logboom::testing
