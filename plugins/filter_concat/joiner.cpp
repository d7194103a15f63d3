#include "joiner.hpp"

#include <algorithm>
#include <charconv>

namespace logboom::concat {
namespace {

constexpr std::size_t most_fragments = 10'000;

/// A text, or the word for a boolean.
std::string_view word(const msgpack::Value& value) noexcept {
  if (!value) return {};
  if (value.type() == msgpack::Type::boolean) return value.truthy() ? "true" : "false";
  return value.text();
}

std::uint64_t number(const msgpack::Value& value) noexcept {
  std::uint64_t n = 0;
  if (!value || value.to_uint(n)) return n;
  const std::string_view text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

/// Fluentd's events about itself, which it joins with nothing.
bool is_about_itself(std::string_view tag) noexcept {
  if (!tag.starts_with("fluent.")) return false;
  const std::string_view level = tag.substr(7);
  for (const std::string_view each : {"trace", "debug", "info", "warn", "error", "fatal"}) {
    if (level == each) return true;
  }
  return false;
}

}  // namespace

void Joiner::apply(const EventBatch& batch, FilterSink& sink) {
  const std::string_view tag = batch.tag().text();
  if (is_about_itself(tag)) {
    batch.for_each([&](const Event& event) { sink.keep(event); });
    return;
  }
  sink_ = &sink;
  now_.reset();
  key_ = tag;
  tag_size_ = tag.size();
  const std::size_t before = table_.cost();
  batch.for_each([this](const Event& event) { decide(event); });
  held_.add(static_cast<std::int64_t>(table_.cost()) - static_cast<std::int64_t>(before));
}

void Joiner::decide(const Event& event) {
  const msgpack::Value text = event.record.find(plan_.options.key);
  if (!text || !text.is_text()) return sink_->keep(event);
  switch (plan_.mode) {
    case Mode::lines: return count_lines(event, text);
    case Mode::regexps: return match_line(event, text);
    case Mode::partial:
    case Mode::metadata:
    case Mode::cri: return match_fragment(event, text);
  }
}

void Joiner::count_lines(const Event& event, const msgpack::Value& text) {
  if (*plan_.options.n_lines == 1) return sink_->keep(event);
  find_stream(event);
  if (hold(event, text) && stream_->events() >= *plan_.options.n_lines) complete(&event);
}

bool Joiner::matches(const std::optional<Regexp>& regexp, std::string_view text, bool otherwise) {
  if (!regexp || gave_up_) return otherwise;
  const SearchResult result = regexp->search(text, region_);
  gave_up_ = result == SearchResult::limit_exceeded;
  return result == SearchResult::match;
}

void Joiner::match_line(const Event& event, const msgpack::Value& text) {
  gave_up_ = false;
  const bool first = matches(plan_.first, text.text(), false);
  const bool last = matches(plan_.last, text.text(), false);
  if (gave_up_) return sink_->fail(event, "a regular expression of concat backtracked too much");
  find_stream(event);
  if (!first && !last) return match_between(event, text);
  if (first && stream_ != nullptr) release(event.time, nullptr);
  if (last && stream_ == nullptr) return pass(event);
  if (hold(event, text) && last) complete(&event);
}

void Joiner::match_between(const Event& event, const msgpack::Value& text) {
  if (stream_ == nullptr) {
    if (plan_.first) return sink_->keep(event);
    hold(event, text);
    return;
  }
  if (matches(plan_.between, text.text(), true)) {
    hold(event, text);
    return;
  }
  if (gave_up_) return sink_->fail(event, "continuous_line_regexp of concat backtracked too much");
  release(event.time, nullptr);
  sink_->keep(event);
}

void Joiner::match_fragment(const Event& event, const msgpack::Value& text) {
  const msgpack::Value marker = event.record.find(plan_.marker);
  if (!marker) return sink_->keep(event);
  bool final = false;
  std::uint64_t ordinal = 0;
  if (plan_.mode == Mode::metadata) {
    final = word(event.record.find(plan_.final)) == "true";
    ordinal = number(event.record.find(plan_.ordinal));
  } else if (plan_.mode == Mode::partial) {
    final = word(marker) != *plan_.options.partial_value;
  } else {
    const std::string_view tags = word(marker);
    final = tags.substr(0, tags.find(':')) == "F";
  }
  find_stream(event);
  if (final && stream_ == nullptr) {
    if (ordinal > 1) counters_.missing.add();
    return pass(event);
  }
  if (!hold(event, text, ordinal) || !final) return;
  if (ordinal != 0 && stream_->misses_fragments(ordinal)) counters_.missing.add();
  complete(&event);
}

/// Which stream an event belongs to: its tag and the fields that tell streams apart.
void Joiner::find_stream(const Event& event) {
  key_.resize(tag_size_);
  for (const std::string& field : plan_.identity) {
    const msgpack::Value value = event.record.find(field);
    key_.push_back('\0');
    if (value) key_.append(reinterpret_cast<const char*>(value.begin()), value.size());
  }
  stream_ = table_.find(key_);
}

/// False where there is no room for it; it has gone on by itself then.
bool Joiner::hold(const Event& event, const msgpack::Value& text, std::uint64_t ordinal) {
  if (!make_room(event, text.text().size())) return false;
  if (stream_ == nullptr) stream_ = &table_.open(key_, tag_size_);
  if (plan_.mode != Mode::metadata) {
    stream_->add(event, text, plan_.separator);
  } else if (!stream_->add_fragment(event, text, ordinal)) {
    counters_.repeated.add();
  }
  if (!now_) now_ = Clock::now();
  table_.touch(*stream_, *now_);
  sink_->hold(event);
  return true;
}

bool Joiner::make_room(const Event& event, std::size_t size) {
  if (stream_ != nullptr && (stream_->text_size() + plan_.separator.size() + size > plan_.event_size ||
                             stream_->fragments() >= most_fragments)) {
    counters_.size.add();
    sink_->release(plan_.options.use_first_timestamp ? stream_->first_time() : event.time, write(*stream_, nullptr),
                   stream_->events());
    stream_->go_on();
    table_.touch(*stream_, stream_->touched());
  }
  const std::size_t more = stream_ != nullptr ? stream_->growth(event, plan_.separator.size() + size)
                                              : Stream::first_cost(event, size, key_.size());
  const bool fits = table_.cost() + more <= plan_.held_size && (stream_ != nullptr || table_.size() < plan_.streams);
  if (fits) return true;
  crowded_ = true;
  counters_.memory.add();
  if (stream_ != nullptr) release(event.time, nullptr);
  pass(event);
  return false;
}

/// The event goes on by itself.
void Joiner::pass(const Event& event) {
  editor_.start(event.record);
  for (const std::string& field : plan_.left_out) {
    if (event.record.find(field)) editor_.remove(field);
  }
  if (!editor_.changed()) return sink_->keep(event);
  out_.clear();
  editor_.write(out_);
  sink_->replace(event, event.time, out_.text());
}

void Joiner::complete(const Event* last) { release(last->time, last); }

void Joiner::release(const EventTime& time, const Event* last) {
  if (stream_->events() != 0) {
    const bool first_time = plan_.options.use_first_timestamp;
    sink_->release(first_time ? stream_->first_time() : time, write(*stream_, last), stream_->events());
  }
  close(*stream_);
}

void Joiner::close(Stream& stream) {
  if (&stream == stream_) stream_ = nullptr;
  table_.close(stream);
}

/// The first record with the joined text, and the fields that only the last event has.
std::string_view Joiner::write(Stream& stream, const Event* last) {
  const Record first = stream.record();
  editor_.start(first);
  editor_.set(plan_.options.key, stream.joined(plan_.separator));
  if (last != nullptr && stream.events() > 1) {
    last->record.for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
      if (key.type() == msgpack::Type::string && !first.find(key.text())) editor_.set(key.text(), value);
    });
  }
  for (const std::string& field : plan_.left_out) editor_.remove(field);
  out_.clear();
  editor_.write(out_);
  return out_.text();
}

std::optional<Joiner::Clock::time_point> Joiner::next_expiry() const {
  const Stream* oldest = table_.oldest();
  if (oldest == nullptr) return std::nullopt;
  if (crowded_) return oldest->touched();
  if (plan_.options.flush_interval.count() <= 0) return std::nullopt;
  return oldest->touched() + std::chrono::duration_cast<Clock::duration>(plan_.options.flush_interval);
}

void Joiner::expire(Clock::time_point now, ReleaseSink& sink) {
  const auto interval = std::chrono::duration_cast<Clock::duration>(plan_.options.flush_interval);
  while (Stream* oldest = table_.oldest()) {
    const bool is_old = interval.count() > 0 && oldest->touched() + interval <= now;
    const bool is_in_the_way = crowded_ && (table_.cost() > plan_.held_size / 2 || table_.size() > plan_.streams / 2);
    if (!is_old && !is_in_the_way) break;
    give_up(*oldest, sink, is_old ? counters_.timeout : counters_.memory);
  }
  crowded_ = false;
}

void Joiner::flush(ReleaseSink& sink) {
  while (Stream* oldest = table_.oldest()) give_up(*oldest, sink, counters_.end);
}

void Joiner::give_up(Stream& stream, ReleaseSink& sink, Counter& reason) {
  if (stream.events() != 0) {
    reason.add();
    const EventTime time = plan_.options.use_first_timestamp ? stream.first_time() : stream.last_time();
    const std::string_view record = write(stream, nullptr);
    if (&reason == &counters_.memory) {
      sink.release(stream.tag(), time, record, stream.events());
    } else if (plan_.options.timeout_label) {
      sink.release_to(*plan_.options.timeout_label, stream.tag(), time, record, stream.events());
    } else if (plan_.is_fragment) {
      sink.release(stream.tag(), time, record, stream.events());
    } else {
      sink.fail(stream.tag(), time, record, stream.events(),
                &reason == &counters_.timeout ? "concat: no more lines came in flush_interval"
                                              : "concat: lines were still held at the end");
    }
  }
  const std::size_t before = table_.cost();
  close(stream);
  held_.add(static_cast<std::int64_t>(table_.cost()) - static_cast<std::int64_t>(before));
}

}  // namespace logboom::concat
