#include "joiner.hpp"

namespace logboom::detect_exceptions {

std::string_view Settings::new_tag(std::string_view tag) const noexcept {
  if (!remove_tag_prefix.empty() && tag.starts_with(remove_tag_prefix)) tag.remove_prefix(remove_tag_prefix.size());
  return tag;
}

void Joiner::process(const EventBatch& batch, EmitSink& sink) {
  const std::string_view tag = batch.tag().text();
  tag_ = settings_.new_tag(tag);
  key_ = tag;
  tag_size_ = tag.size();
  now_.reset();
  batch.for_each([&](const Event& event) { decide(event, sink); });
}

msgpack::Value Joiner::message_of(const Record& record, std::string_view& field) const noexcept {
  field = settings_.message;
  if (!field.empty()) return record.find(field);
  field = "message";
  msgpack::Value found = record.find(field);
  if (!found) {
    field = "log";
    found = record.find(field);
  }
  return found;
}

void Joiner::decide(const Event& event, EmitSink& sink) {
  if (!settings_.stream.empty()) {
    key_.resize(tag_size_);
    const msgpack::Value stream = event.record.find(settings_.stream);
    key_.push_back('\0');
    if (stream) key_.append(reinterpret_cast<const char*>(stream.begin()), stream.size());
  }
  take({event, false}, sink);
}

void Joiner::take(const Line& line, EmitSink& sink) {
  std::string_view field;
  msgpack::Value text = message_of(line.event.record, field);
  if (text && !text.is_text()) text = {};
  while (Trace* trace = traces_.find(key_)) {
    if (text && go_on(*trace, line, text, sink)) return;
    end(*trace, sink);
  }
  const Detector::Step step = text ? detector_.begin(without_line_end(text.text())) : Detector::Step{};
  if (step.kind == Kind::none || !fits(nullptr, line.event)) return pass(line, sink);
  if (!now_) now_ = Clock::now();
  add(traces_.open(key_, tag_, *now_), line, text, step, sink);
}

/// The line goes on by itself.
void Joiner::pass(const Line& line, EmitSink& sink) {
  if (!line.is_held) return sink.emit(tag_, line.event);
  const msgpack::Value& record = line.event.record.value();
  sink.release(tag_, line.event.time, {reinterpret_cast<const char*>(record.begin()), record.size()}, 1);
}

/// Gives out what is certain of a trace. The lines behind it, which don't belong to it, may be another one's.
void Joiner::end(Trace& trace, EmitSink& sink) {
  std::vector<Kept> rest;
  traces_.change(trace, [&] {
    rest.swap(trace.maybe);
    trace.maybe_bytes = 0;
  });
  const bool had_lines = trace.lines != 0;
  release(trace, sink);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const Line line{{rest[i].time, rest[i].view(), {}}, true};
    if (i == 0 && !had_lines) {
      pass(line, sink);  // the first line of what was no trace
    } else {
      take(line, sink);
    }
  }
}

/// False where the line does not go on with the trace.
bool Joiner::go_on(Trace& trace, const Line& line, const msgpack::Value& text, EmitSink& sink) {
  const Detector::Step step = detector_.go_on(trace.state, without_line_end(text.text()));
  if (step.kind == Kind::none) return false;
  const bool is_too_long = settings_.max_bytes != 0 && trace.bytes() + text.text().size() > settings_.max_bytes;
  if (is_too_long || !fits(&trace, line.event)) {
    release(trace, sink);
    pass(line, sink);
    return true;
  }
  add(trace, line, text, step, sink);
  return true;
}

bool Joiner::fits(const Trace* trace, const Event& event) const noexcept {
  const std::size_t text = trace != nullptr ? trace->text.capacity() : 0;
  return traces_.cost() + sizeof(Trace) + 512 + text + 3 * event.record.value().size() <= settings_.held_size;
}

void Joiner::add(Trace& trace, const Line& line, const msgpack::Value& text, Detector::Step step, EmitSink& sink) {
  const Event& event = line.event;
  if (!line.is_held) sink.hold(event);
  traces_.change(trace, [&] {
    trace.state = step.next;
    if (step.kind == Kind::maybe) {
      trace.maybe.emplace_back(event);
      trace.maybe_bytes += trace.maybe.back().record.size();
      return;
    }
    confirm(trace);
    if (trace.lines == 0) trace.first.emplace_back(event);
    append(trace, text.text());
  });
  if (step.kind == Kind::last || (settings_.max_lines != 0 && trace.events() >= settings_.max_lines)) {
    release(trace, sink);
  }
}

void Joiner::append(Trace& trace, std::string_view text) const {
  if (settings_.force_line_breaks && trace.lines != 0 && !trace.ends_line) trace.text.push_back('\n');
  trace.text.append(text);
  trace.ends_line = text.ends_with('\n');
  ++trace.lines;
}

/// The lines that may belong to the trace do.
void Joiner::confirm(Trace& trace) const {
  for (Kept& line : trace.maybe) {
    std::string_view field;
    const std::string_view text = message_of(line.view(), field).text();
    append(trace, text);
    if (trace.first.empty()) trace.first.push_back(std::move(line));
  }
  trace.maybe.clear();
  trace.maybe_bytes = 0;
}

/// Gives out the trace, and each line that turned out not to belong to it.
template <class Sink>
void Joiner::release(Trace& trace, Sink& sink) {
  if (trace.lines == 1) sink.release(trace.tag, trace.first[0].time, trace.first[0].record, 1);
  if (trace.lines > 1) sink.release(trace.tag, trace.first[0].time, joined_record(trace), trace.lines);
  for (const Kept& line : trace.maybe) sink.release(trace.tag, line.time, line.record, 1);
  traces_.close(trace);
}

std::string_view Joiner::joined_record(const Trace& trace) {
  std::string_view field;
  const Record record = trace.first[0].view();
  static_cast<void>(message_of(record, field));
  editor_.start(record);
  editor_.set(field, trace.text);
  out_.clear();
  editor_.write(out_);
  return out_.text();
}

std::optional<Joiner::Clock::time_point> Joiner::next_expiry() const {
  const Trace* oldest = traces_.oldest();
  if (oldest == nullptr || settings_.flush_interval.count() <= 0) return std::nullopt;
  return oldest->began + std::chrono::duration_cast<Clock::duration>(settings_.flush_interval);
}

void Joiner::expire(Clock::time_point now, ReleaseSink& sink) {
  while (const auto due = next_expiry()) {
    if (*due > now) return;
    release(*traces_.oldest(), sink);
  }
}

void Joiner::flush(ReleaseSink& sink) {
  while (Trace* oldest = traces_.oldest()) release(*oldest, sink);
}

}  // namespace logboom::detect_exceptions
