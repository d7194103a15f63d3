#include <logboom/stack_traces.hpp>

#include <algorithm>
#include <utility>

#include <logboom/log.hpp>
#include <logboom/record_editor.hpp>

#include "base/stack_trace_detector.hpp"
#include "base/stack_trace_table.hpp"

namespace logboom {

using stack_traces::Detector;
using stack_traces::Kept;
using stack_traces::Kind;
using stack_traces::Trace;
using stack_traces::Traces;
using stack_traces::without_line_end;

class StackTraces::Plan {
 public:
  Plan(const StackTraceOptions& given, const BuildContext& context)
      : options(given),
        detector(languages(given, context.element())),
        held_size(given.max_held_size.bytes / std::max(1U, context.system().workers)) {}

  StackTraceOptions options;
  Detector detector;
  std::size_t held_size;  // of one worker

 private:
  static unsigned languages(const StackTraceOptions& given, const Element& element) {
    unsigned set = 0;
    for (const std::string& name : given.languages) {
      const unsigned language = stack_traces::language_of(name);
      if (language == 0) {
        throw ConfigError(
            element.find("languages")->value_pos,
            cat("no stack traces of \"", name, "\" are known; use some of ", stack_traces::language_names()));
      }
      set |= language;
    }
    return set == 0 ? static_cast<unsigned>(stack_traces::all_languages) : set;
  }
};

struct StackTraces::Impl {
  explicit Impl(std::shared_ptr<const Plan> made) : plan(std::move(made)), options(plan->options) {}

  struct Line {
    Event event;
    bool is_held;  // counted as held already
  };

  void process(const EventBatch& batch, std::string_view tag, StackTraceSink& sink);
  msgpack::Value message_of(const Record& record, std::string_view& field) const noexcept;
  void decide(const Event& event, StackTraceSink& sink);
  void take(const Line& line, StackTraceSink& sink);
  static void pass(const Line& line, StackTraceSink& sink);
  void end(Trace& trace, StackTraceSink& sink);
  bool go_on(Trace& trace, const Line& line, const msgpack::Value& text, StackTraceSink& sink);
  bool fits(const Trace* trace, const Event& event) const noexcept;
  void add(Trace& trace, const Line& line, const msgpack::Value& text, Detector::Step step, StackTraceSink& sink);
  void append(Trace& trace, std::string_view text) const;
  void confirm(Trace& trace) const;
  template <class Give>
  void close(Trace& trace, Give&& give);
  void release(Trace& trace, StackTraceSink& sink);
  void release(Trace& trace, ReleaseSink& sink);
  std::string_view joined_record(const Trace& trace);

  std::shared_ptr<const Plan> plan;
  const StackTraceOptions& options;
  Traces traces;

  // Of the batch at hand.
  std::string_view tag;
  std::string key;
  std::size_t tag_size = 0;
  std::optional<Clock::time_point> now;

  RecordEditor editor;
  OutBuffer out;
};

void StackTraces::Impl::process(const EventBatch& batch, std::string_view new_tag, StackTraceSink& sink) {
  tag = new_tag;
  key = batch.tag().text();
  tag_size = key.size();
  now.reset();
  batch.for_each([&](const Event& event) { decide(event, sink); });
}

msgpack::Value StackTraces::Impl::message_of(const Record& record, std::string_view& field) const noexcept {
  field = options.message;
  if (!field.empty()) return record.find(field);
  field = "message";
  msgpack::Value found = record.find(field);
  if (!found) {
    field = "log";
    found = record.find(field);
  }
  return found;
}

void StackTraces::Impl::decide(const Event& event, StackTraceSink& sink) {
  if (!options.stream.empty()) {
    key.resize(tag_size);
    const msgpack::Value stream = event.record.find(options.stream);
    key.push_back('\0');
    if (stream) key.append(reinterpret_cast<const char*>(stream.begin()), stream.size());
  }
  take({event, false}, sink);
}

void StackTraces::Impl::take(const Line& line, StackTraceSink& sink) {
  std::string_view field;
  msgpack::Value text = message_of(line.event.record, field);
  if (text && !text.is_text()) text = {};
  while (Trace* trace = traces.find(key)) {
    if (text && go_on(*trace, line, text, sink)) return;
    end(*trace, sink);
  }
  const Detector::Step step = text ? plan->detector.begin(without_line_end(text.text())) : Detector::Step{};
  if (step.kind == Kind::none || !fits(nullptr, line.event)) return pass(line, sink);
  if (!now) now = Clock::now();
  add(traces.open(key, tag, *now), line, text, step, sink);
}

/// The line goes on by itself.
void StackTraces::Impl::pass(const Line& line, StackTraceSink& sink) {
  if (!line.is_held) return sink.pass(line.event);
  const msgpack::Value& record = line.event.record.value();
  sink.release(line.event.time, {reinterpret_cast<const char*>(record.begin()), record.size()}, 1);
}

/// Gives out what is certain of a trace. The lines behind it, which don't belong to it, may be another one's.
void StackTraces::Impl::end(Trace& trace, StackTraceSink& sink) {
  std::vector<Kept> rest;
  traces.change(trace, [&] {
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
bool StackTraces::Impl::go_on(Trace& trace, const Line& line, const msgpack::Value& text, StackTraceSink& sink) {
  const Detector::Step step = plan->detector.go_on(trace.state, without_line_end(text.text()));
  if (step.kind == Kind::none) return false;
  const bool is_too_long = options.max_bytes.bytes != 0 && trace.bytes() + text.text().size() > options.max_bytes.bytes;
  if (is_too_long || !fits(&trace, line.event)) {
    release(trace, sink);
    pass(line, sink);
    return true;
  }
  add(trace, line, text, step, sink);
  return true;
}

bool StackTraces::Impl::fits(const Trace* trace, const Event& event) const noexcept {
  const std::size_t text = trace != nullptr ? trace->text.capacity() : 0;
  return traces.cost() + sizeof(Trace) + 512 + text + 3 * event.record.value().size() <= plan->held_size;
}

void StackTraces::Impl::add(Trace& trace, const Line& line, const msgpack::Value& text, Detector::Step step,
                            StackTraceSink& sink) {
  const Event& event = line.event;
  if (!line.is_held) sink.hold(event);
  traces.change(trace, [&] {
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
  if (step.kind == Kind::last || (options.max_lines != 0 && trace.events() >= options.max_lines)) {
    release(trace, sink);
  }
}

void StackTraces::Impl::append(Trace& trace, std::string_view text) const {
  if (options.force_line_breaks && trace.lines != 0 && !trace.ends_line) trace.text.push_back('\n');
  trace.text.append(text);
  trace.ends_line = text.ends_with('\n');
  ++trace.lines;
}

/// The lines that may belong to the trace do.
void StackTraces::Impl::confirm(Trace& trace) const {
  for (Kept& line : trace.maybe) {
    std::string_view field;
    const std::string_view text = message_of(line.view(), field).text();
    append(trace, text);
    if (trace.first.empty()) trace.first.push_back(std::move(line));
  }
  trace.maybe.clear();
  trace.maybe_bytes = 0;
}

/// Gives out the trace, and each line that turned out not to belong to it: `give(time, record, events)`.
template <class Give>
void StackTraces::Impl::close(Trace& trace, Give&& give) {
  if (trace.lines == 1) give(trace.first[0].time, trace.first[0].record, 1);
  if (trace.lines > 1) give(trace.first[0].time, joined_record(trace), trace.lines);
  for (const Kept& line : trace.maybe) give(line.time, line.record, 1);
  traces.close(trace);
}

void StackTraces::Impl::release(Trace& trace, StackTraceSink& sink) {
  close(trace, [&sink](const EventTime& time, std::string_view record, std::uint64_t events) {
    sink.release(time, record, events);
  });
}

void StackTraces::Impl::release(Trace& trace, ReleaseSink& sink) {
  close(trace, [&](const EventTime& time, std::string_view record, std::uint64_t events) {
    sink.release(trace.tag, time, record, events);
  });
}

std::string_view StackTraces::Impl::joined_record(const Trace& trace) {
  std::string_view field;
  const Record record = trace.first[0].view();
  static_cast<void>(message_of(record, field));
  editor.start(record);
  editor.set(field, trace.text);
  out.clear();
  editor.write(out);
  return out.text();
}

std::shared_ptr<const StackTraces::Plan> StackTraces::plan(const StackTraceOptions& options,
                                                           const BuildContext& context) {
  return std::make_shared<const Plan>(options, context);
}

StackTraces::StackTraces(std::shared_ptr<const Plan> plan) : impl_(std::make_unique<Impl>(std::move(plan))) {}
StackTraces::~StackTraces() = default;

void StackTraces::process(const EventBatch& batch, std::string_view tag, StackTraceSink& sink) {
  impl_->process(batch, tag, sink);
}

std::optional<StackTraces::Clock::time_point> StackTraces::next_expiry() const {
  const Trace* oldest = impl_->traces.oldest();
  const auto interval = std::chrono::duration_cast<Clock::duration>(impl_->options.multiline_flush_interval);
  if (oldest == nullptr || interval.count() <= 0) return std::nullopt;
  return oldest->began + interval;
}

void StackTraces::expire(Clock::time_point now, ReleaseSink& sink) {
  while (const auto due = next_expiry()) {
    if (*due > now) return;
    impl_->release(*impl_->traces.oldest(), sink);
  }
}

void StackTraces::flush(ReleaseSink& sink) {
  while (Trace* oldest = impl_->traces.oldest()) impl_->release(*oldest, sink);
}

}  // namespace logboom
