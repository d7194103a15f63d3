#include "pipeline/own_events.hpp"

#include <chrono>
#include <cstring>

#include "pipeline/carries_events.hpp"

namespace logboom {

namespace {

constexpr std::string_view label_name = "@FLUENT_LOG";
constexpr std::string_view tag_prefix = "fluent.";
constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info", "warn", "error", "fatal"};
// No `<match>` is about this tag alone.
constexpr std::string_view nobodys_tag = "\x01";

BatchPtr batch_of(LogLevel level, std::string_view message) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto sec = std::chrono::floor<std::chrono::seconds>(now);
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  writer.array(2);
  writer.event_time(static_cast<std::uint32_t>(sec.count()),
                    static_cast<std::uint32_t>(std::chrono::nanoseconds(now - sec).count()));
  writer.map(1);
  writer.string("message");
  writer.string(message);
  const SlabPtr slab(Slab::make(bytes.size()));
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  auto batch = std::make_unique<EventBatch>(Tag::make(cat(tag_prefix, levels[static_cast<std::size_t>(level)])));
  batch->add({slab->data(), static_cast<std::uint32_t>(bytes.size()), 1}, slab);
  return BatchPtr(std::move(batch));
}

}  // namespace

OwnEvents::OwnEvents(OwnLog& log, WayBack& back, Metrics& metrics) : log_(log), back_(back) {
  metrics.counter("logboom_input_events_total", {{"id", "own_log"}, {"type", "own_log"}}, events_);
  log_.listen([this](LogLevel level, std::string_view message) { add(level, message); });
}

OwnEvents::~OwnEvents() { log_.listen({}); }

void OwnEvents::follow(const Pipeline& pipeline) {
  const Router& router = pipeline.router();
  const bool has_label = router.has_label(std::string(label_name));
  const std::string label(has_label ? label_name : std::string_view());
  const auto everybodys = router.match("", nobodys_tag).output;
  const std::lock_guard lock(mutex_);
  label_ = label;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto output = router.match(label, cat(tag_prefix, levels[i])).output;
    taken_[i] = has_label || (output && output != everybodys);
  }
}

void OwnEvents::add(LogLevel level, std::string_view message) {
  const auto index = static_cast<std::size_t>(level);
  if (index >= levels.size() || CarriesEvents::here()) return;
  std::string label;
  {
    const std::lock_guard lock(mutex_);
    if (!taken_[index]) return;
    label = label_;
  }
  if (back_.emit(label, {batch_of(level, message), {}}, false)) events_.add();
}

}  // namespace logboom
