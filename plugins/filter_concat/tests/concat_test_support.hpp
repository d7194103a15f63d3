#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <logboom/testing/filter_driver.hpp>

namespace logboom::plugins {
PluginInfo filter_concat();
}

namespace logboom::concat_test {

using testing::FilterDriver;
using testing::Row;
using Params = FilterDriver::Params;
using Clock = Holder::Clock;

inline FilterDriver driver(Params params, unsigned workers = 1) {
  if (std::none_of(params.begin(), params.end(), [](const auto& p) { return p.first == "key"; })) {
    params.insert(params.begin(), {"key", "log"});
  }
  return FilterDriver(plugins::filter_concat(), params,
                      [workers](testing::FakeContext& context) { context.settings().workers = workers; });
}
inline std::string event(std::string_view log) { return cat(R"({"log":")", log, R"("})"); }
/// The field `log` of each row.
inline std::vector<std::string> logs(const std::vector<Row>& rows) {
  std::vector<std::string> texts;
  for (const Row& row : rows) {
    const std::string bytes = testing::msgpack_of(row.record);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    texts.emplace_back(Record(msgpack::Value(data, data + bytes.size())).find("log").text());
  }
  return texts;
}
/// The same for lines sent one by one.
inline std::vector<std::string> send_lines(FilterDriver& concat, const std::vector<std::string>& lines,
                                           std::string_view tag = "t") {
  std::vector<std::string> texts;
  for (const std::string& line : lines) {
    for (std::string& text : logs(concat.send(tag, event(line)))) texts.push_back(std::move(text));
  }
  return texts;
}
inline std::int64_t metric(FilterDriver& concat, std::string_view name, std::string_view reason = "") {
  std::int64_t value = -1;
  concat.context().metrics().visit([&](const Metrics::Sample& sample) {
    if (sample.name == name && (reason.empty() || sample.labels.back().second == reason)) value = sample.value;
  });
  return value;
}
inline std::int64_t incomplete(FilterDriver& concat, std::string_view reason) {
  return metric(concat, "logboom_concat_incomplete_events_total", reason);
}

}  // namespace logboom::concat_test
