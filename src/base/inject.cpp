#include <logboom/inject.hpp>

#include <algorithm>
#include <cmath>

namespace logboom {

namespace {

std::uint32_t nanoseconds_of(const EventTime& time) noexcept { return std::min<std::uint32_t>(time.nsec, 999'999'999); }

/// In units of which a second has `units`; a time so far away that it does not fit is the farthest that does.
std::int64_t scaled(const EventTime& time, std::int64_t units) noexcept {
  std::int64_t value = 0;
  if (__builtin_mul_overflow(time.sec, units, &value) ||
      __builtin_add_overflow(value, nanoseconds_of(time) / (1'000'000'000 / units), &value)) {
    return time.sec < 0 ? INT64_MIN : INT64_MAX;
  }
  return value;
}

/// Microseconds are as fine as Fluentd goes here.
double floating(const EventTime& time) noexcept {
  return static_cast<double>(time.sec) + std::floor(nanoseconds_of(time) / 1e3) / 1e6;
}

}  // namespace

void InjectOptions::describe(Describe<InjectOptions>& d) {
  using O = InjectOptions;
  d.param("hostname_key", &O::hostname_key, "The field for the host's name.");
  d.param("hostname", &O::hostname, "That name; empty: the machine's.");
  d.param("worker_id_key", &O::worker_id_key,
          "The field for the number of the worker process, which is 0: logboom is one process.");
  d.param("tag_key", &O::tag_key, "The field for the tag.");
  d.param("time_key", &O::time_key, "The field for the time.");
  d.choice(
      "time_type", &O::time_type,
      {{"float", InjectTime::floating},
       {"unixtime", InjectTime::seconds},
       {"unixtime_millis", InjectTime::milliseconds},
       {"unixtime_micros", InjectTime::microseconds},
       {"unixtime_nanos", InjectTime::nanoseconds},
       {"string", InjectTime::text}},
      "Seconds since 1970 with a fraction; whole seconds, milli-, micro- or nanoseconds; or a text of time_format.");
  describe_time(d);
}

Injector::Injector(const std::optional<InjectOptions>& options, const Element& element, const SystemSettings& system) {
  if (!options) return;
  hostname_key_ = options->hostname_key;
  hostname_ = options->hostname.empty() ? system.hostname : options->hostname;
  worker_id_key_ = options->worker_id_key;
  tag_key_ = options->tag_key;
  time_key_ = options->time_key;
  time_type_ = options->time_type;
  const auto sections = element.sections("inject");
  times_.emplace(options->formatter(sections.empty() ? element : *sections.back()));
  active_ = !(hostname_key_.empty() && worker_id_key_.empty() && tag_key_.empty() && time_key_.empty());
}

Event Injector::apply(std::string_view tag, const Event& event) {
  if (!active_) return event;
  editor_.start(event.record);
  if (!hostname_key_.empty()) editor_.set(hostname_key_, std::string_view(hostname_));
  if (!worker_id_key_.empty()) editor_.set(worker_id_key_, [](msgpack::Writer& w) { w.integer(0); });
  if (!tag_key_.empty()) editor_.set(tag_key_, tag);
  if (!time_key_.empty()) editor_.set(time_key_, [&](msgpack::Writer& w) { write_time(w, event.time); });
  entry_.clear();
  msgpack::Writer writer(entry_);
  writer.array(2);
  if (event.time.sec >= 0 && event.time.sec <= UINT32_MAX) {
    writer.event_time(static_cast<std::uint32_t>(event.time.sec), event.time.nsec);
  } else {
    writer.integer(event.time.sec);
  }
  const std::size_t record = entry_.size();
  editor_.write(entry_);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(entry_.data());
  Event changed;
  changed.time = event.time;
  changed.record = Record(msgpack::Value(bytes + record, bytes + entry_.size()));
  changed.entry = msgpack::Value(bytes, bytes + entry_.size());
  return changed;
}

void Injector::write_time(msgpack::Writer& writer, const EventTime& time) {
  switch (time_type_) {
    case InjectTime::floating: return writer.floating(floating(time));
    case InjectTime::seconds: return writer.integer(time.sec);
    case InjectTime::milliseconds: return writer.integer(scaled(time, 1'000));
    case InjectTime::microseconds: return writer.integer(scaled(time, 1'000'000));
    case InjectTime::nanoseconds: return writer.integer(scaled(time, 1'000'000'000));
    case InjectTime::text:
      time_text_.clear();
      times_->append(time_text_, time);
      return writer.string(time_text_);
  }
}

}  // namespace logboom
