#include "events.hpp"

#include <algorithm>
#include <charconv>

#include <logboom/json.hpp>

namespace logboom::in_syslog {

namespace {

constexpr std::size_t longest_shown = 200;

std::string_view without_end(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == '\0' || text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// The priority in a record of another parser: a number, or its digits.
bool read_priority(const msgpack::Value& value, std::uint32_t& priority) noexcept {
  std::int64_t number = -1;
  if (value.is_text()) {
    const std::string_view text = value.text();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return false;
  } else if (!value.to_int(number)) {
    return false;
  }
  if (number < 0 || number >= std::int64_t{syslog_facilities} * 8) return false;
  priority = static_cast<std::uint32_t>(number);
  return true;
}

}  // namespace

Events::Events(net::Source& source, Shared& shared, std::string who)
    : source_(source),
      shared_(shared),
      settings_(shared.settings),
      who_(std::move(who)),
      out_(source),
      parser_(settings_.other_parsers ? settings_.other_parsers() : nullptr),
      fields_(settings_),
      joiner_(std::chrono::duration_cast<Joiner::Clock::duration>(settings_.options.join_timeout)),
      classic_times_(TimeParser::compile("%b %d %H:%M:%S", settings_.zone, settings_.clock)),
      iso_times_(TimeParser::compile("%iso8601", settings_.zone, settings_.clock)),
      other_times_(TimeParser::compile("", settings_.zone, settings_.clock)) {}

void Events::add(std::string_view text, bool cut, const EventTime& now) {
  if (cut) shared_.cut.add();
  now_ = now;
  if (without_end(text).empty()) return;
  if (parser_) return add_other(without_end(text));
  SyslogMessage message;
  if (!scan(text, message)) return;
  if (settings_.options.join_split_lines && joins_) {
    Joiner::Whole whole;
    bool is_whole = false;
    if (joiner_.take(text, message, address_, now, Joiner::Clock::now(), whole, is_whole)) {
      if (!is_whole) return set_timer();
      shared_.joined.add(whole.parts - 1);
      if (scan(whole.text, message)) emit(message, whole.address, whole.arrival);
      return;
    }
  }
  emit(message, address_, now);
}

/// False where the message does not match; it is dealt with then.
bool Events::scan(std::string_view text, SyslogMessage& message) {
  if (settings_.lenient) {
    scan_any_syslog(text, settings_.options.hostname, message);
    return true;
  }
  const char* error = scan_syslog(text, settings_.parser.rules(), message);
  if (error == nullptr && message.priority >= syslog_facilities * 8) error = "its priority is above 191";
  if (error == nullptr) return true;
  refuse(text, error);
  return false;
}

EventTime Events::time_of(const SyslogMessage& m, const EventTime& arrival) {
  if (settings_.options.receive_time || m.time.data() == nullptr || m.time == "-") return arrival;
  EventTime time;
  bool read = false;
  switch (m.time_form) {
    case SyslogMessage::Time::classic: read = classic_times_.parse(m.time, time); break;
    case SyslogMessage::Time::iso8601: read = iso_times_.parse(m.time, time); break;
    default: break;
  }
  if (read || other_times_.parse(m.time, time)) return time;
  shared_.counts.bad_time.add();
  return arrival;
}

void Events::emit(const SyslogMessage& m, std::string_view address, const EventTime& arrival) {
  fields_.set(m);
  fields_.add_priority(m.priority);
  add_sender(address);
  out_.write(settings_.tags[m.priority], time_of(m, arrival), fields_.most_bytes(),
             [this](std::uint8_t* at) { return fields_.write(at); });
}

void Events::add_sender(std::string_view address) {
  if (!settings_.options.source_address_key.empty()) fields_.add(settings_.options.source_address_key, address);
  if (!settings_.hostname_key.empty()) fields_.add(settings_.hostname_key, host_);
}

void Events::add_other(std::string_view text) {
  SyslogMessage message;
  scan_any_syslog(text.substr(0, std::min<std::size_t>(text.size(), 8)), SyslogHost::guess, message);
  priority_ = message.priority;
  if (!parser_->parse(text, *this, error_)) refuse(text, error_);
}

void Events::record(const std::optional<EventTime>& time, const msgpack::Value& map) {
  fields_.set({});
  changed_.clear();
  std::uint32_t pairs = 0;
  std::uint32_t priority = priority_;
  Record(map).for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
    if (key.is_text() && key.text() == "pri" && read_priority(value, priority)) return;
    changed_.append(key.begin(), key.size());
    changed_.append(value.begin(), value.size());
    ++pairs;
  });
  fields_.add_priority(priority);
  add_sender(address_);
  const EventTime when = time && !settings_.options.receive_time ? *time : now_;
  out_.write(settings_.tags[priority], when, changed_.size() + fields_.most_bytes() + 5,
             [&](std::uint8_t* at) { return fields_.write(at, pairs, changed_.text()); });
}

void Events::refuse(std::string_view text, std::string_view why) {
  text = without_end(text);
  std::uint64_t suppressed = 0;
  if (shared_.counts.limiter.due(suppressed)) {
    OutBuffer shown;
    append_json_string(shown, text.substr(0, longest_shown));
    shared_.counts.log.warn(cat(who_, ": no syslog message: ", why, ": ", shown.text(),
                                text.size() > longest_shown ? "…" : "",
                                suppressed != 0 ? cat(" (and ", suppressed, " before)") : std::string()));
  }
  if (!settings_.options.emit_unmatched_lines) return shared_.counts.unmatched.add();
  fields_.set({});
  fields_.add("unmatched_line", text);
  add_sender(address_);
  out_.write(settings_.unmatched_tag, now_, fields_.most_bytes(),
             [this](std::uint8_t* at) { return fields_.write(at); });
}

void Events::set_timer() {
  if (std::exchange(timer_set_, true)) return;
  source_.set_timer(std::chrono::duration_cast<std::chrono::microseconds>(joiner_.timeout()));
}

void Events::on_timer() {
  timer_set_ = false;
  give_out(false);
  if (!joiner_.empty()) set_timer();
  out_.flush();
}

void Events::load(StateReader& in) {
  joiner_.load(in, Joiner::Clock::now());
  if (!joiner_.empty()) set_timer();
}

void Events::end() {
  give_out(true);
  out_.flush();
}

void Events::give_out(bool all) {
  Joiner::Whole whole;
  SyslogMessage message;
  while (joiner_.next_due(Joiner::Clock::now(), all, whole)) {
    shared_.joined.add(whole.parts - 1);
    if (scan(whole.text, message)) emit(message, whole.address, whole.arrival);
  }
}

}  // namespace logboom::in_syslog
