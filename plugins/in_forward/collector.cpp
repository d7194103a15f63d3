#include "collector.hpp"

#include <chrono>
#include <limits>

namespace logboom::in_forward {

namespace {

constexpr std::size_t scratch_size = 32 * 1024;

EventTime time_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {seconds.count(), static_cast<std::uint32_t>(std::chrono::nanoseconds(since - seconds).count())};
}

}  // namespace

Drops::Drops(net::Host& host)
    : invalid_tag(host.dropped("invalid_tag")),
      invalid_time(host.dropped("invalid_time")),
      invalid_record(host.dropped("invalid_record")),
      invalid_entry(host.dropped("invalid_entry")),
      truncated_entry(host.dropped("truncated_entry")),
      invalid_message(host.dropped("invalid_message")),
      too_large(host.dropped("chunk_size_limit")) {}

Collector::Collector(net::Connection& connection, const Options& options, Drops& drops)
    : connection_(connection), options_(options), drops_(drops) {
  if (!options.source_address_key.empty())
    injected_.emplace_back(options.source_address_key, connection.peer_address());
  if (!options.source_hostname_key.empty()) injected_.emplace_back(options.source_hostname_key, connection.peer_host());
  simple_ = injected_.empty();
}

void Collector::begin(std::string_view tag) {
  if (tag_ && tag == wire_tag_) return;
  flush();
  wire_tag_ = tag;
  std::string_view name = options_.tag.empty() ? tag : std::string_view(options_.tag);
  if (!options_.add_tag_prefix.empty()) {
    mapped_ = options_.add_tag_prefix;
    mapped_.append(".").append(name);
    name = mapped_;
  }
  tag_ = connection_.tag(name);
}

void Collector::add_entry(const SlabPtr& slab, const std::uint8_t* begin, const std::uint8_t* end) {
  add_viewed(slab, view_entry(begin, end), begin, end);
}

void Collector::add_viewed(const SlabPtr& slab, const EntryView& view, const std::uint8_t* begin,
                           const std::uint8_t* end) {
  switch (view.shape) {
    case Shape::good:
      if (simple_) return append(slab, begin, end);
      return rewrite(view, end);
    case Shape::rewrite: return rewrite(view, end);
    default: return count_invalid(view.shape);
  }
}

void Collector::count_invalid(Shape shape) {
  switch (shape) {
    case Shape::bad_time: return drop(drops_.invalid_time);
    case Shape::bad_record: return drop(drops_.invalid_record);
    default: return drop(drops_.invalid_entry);
  }
}

void Collector::start_run(const SlabPtr& slab, const std::uint8_t* begin, const std::uint8_t* end) {
  end_run();
  if (!(run_slab_ == slab)) run_slab_ = slab;
  begin_ = begin;
  end_ = end;
  run_events_ = 1;
}

void Collector::end_run() {
  if (run_events_ == 0) return;
  if (!batch_) {
    batch_ = std::make_unique<EventBatch>(tag_);
    rested_spans_ = 0;
  }
  batch_->add({begin_, static_cast<std::uint32_t>(end_ - begin_), run_events_}, run_slab_);
  run_events_ = 0;
  begin_ = end_ = nullptr;
}

void Collector::flush(const MessageId& id) {
  end_run();
  run_slab_ = SlabPtr();
  scratch_ = SlabPtr();
  if (batch_) {
    connection_.emit({BatchPtr(std::move(batch_)), take_receipts(), id});
  } else {
    take_receipts().confirm();
  }
}

Receipts Collector::take_receipts() {
  Receipts taken = std::exchange(receipts_, {});
  taken.level = options_.ack;
  return taken;
}

std::uint64_t Collector::abandon() {
  end_run();
  run_slab_ = SlabPtr();
  scratch_ = SlabPtr();
  const std::uint64_t events = batch_ ? batch_->events() : 0;
  batch_.reset();
  receipts_ = {};
  return events;
}

void Collector::rewrite(const EntryView& view, const std::uint8_t* end) {
  made_.clear();
  msgpack::Writer writer(made_);
  writer.array(2);
  const EventTime time = view.now ? time_now() : view.time;
  if (time.sec >= 0 && time.sec <= std::numeric_limits<std::uint32_t>::max()) {
    writer.event_time(static_cast<std::uint32_t>(time.sec), time.nsec);
  } else {
    writer.integer(time.sec);
  }
  write_record(writer, Record(msgpack::Value(view.record, end)));
  const std::size_t size = made_.size();
  std::uint8_t* at = room(size);
  std::memcpy(at, made_.data(), size);
  scratch_used_ += size;
  append(scratch_, at, at + size);
}

/// Where `size` bytes can be written that live as long as the batch.
std::uint8_t* Collector::room(std::size_t size) {
  if (!scratch_ || scratch_->capacity() - scratch_used_ < size) {
    scratch_ = SlabPtr(Slab::make(size > scratch_size ? size : scratch_size));
    scratch_used_ = 0;
  }
  return scratch_->data() + scratch_used_;
}

void Collector::rest(const SlabPtr& slab) {
  end_run();
  run_slab_ = SlabPtr();
  if (!batch_) return;
  room(share_from);
  batch_->move_out(rested_spans_, slab, share_from, scratch_, scratch_used_);
  rested_spans_ = batch_->spans().size();
}

void Collector::write_record(msgpack::Writer& writer, const Record& record) const {
  if (injected_.empty()) return writer.value(record.value());
  const auto given = [this](const msgpack::Value& key) -> const std::string* {
    if (!key.is_text()) return nullptr;
    for (const auto& [name, text] : injected_) {
      if (key.text() == name) return &text;
    }
    return nullptr;
  };
  std::uint32_t missing = 0;
  for (const auto& [name, text] : injected_) missing += record.find(name) ? 0U : 1U;
  writer.map(record.size() + missing);
  record.for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
    writer.value(key);
    if (const std::string* text = given(key)) return writer.string(*text);
    writer.value(value);
  });
  for (const auto& [name, text] : injected_) {
    if (record.find(name)) continue;
    writer.string(name);
    writer.string(text);
  }
}

}  // namespace logboom::in_forward
