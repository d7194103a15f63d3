#include "buffer/buffer_model.hpp"

namespace logboom::test {

BatchPtr EventMaker::batch(std::string_view tag, const std::vector<Spec>& events) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  for (const Spec& event : events) {
    writer.array(2);
    writer.integer(event.sec);
    writer.map(3);
    writer.string("n");
    writer.integer(event.number);
    writer.string("user");
    writer.string("u" + std::to_string(event.user));
    writer.string("p");
    writer.string(std::string(event.padding, 'x'));
  }
  const SlabPtr slab(Slab::make(bytes.size()));
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  auto batch = std::make_unique<EventBatch>(Tag::make(tag));
  batch->add(Span{slab->data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(events.size())},
             slab);
  return BatchPtr(std::move(batch));
}

std::vector<BufferModelCase> buffer_model_cases() {
  std::vector<BufferModelCase> cases;
  const auto add = [&](std::string name, const auto& change) {
    BufferSettings settings;
    settings.flush_mode = FlushMode::immediate;
    settings.chunk_limit = 8000;
    settings.total_limit = 120000;
    change(settings);
    cases.push_back({std::move(name), std::move(settings)});
  };
  add("no keys, at once", [](BufferSettings&) {});
  add("by tag, interval", [](BufferSettings& s) {
    s.by_tag = true;
    s.flush_mode = FlushMode::interval;
    s.flush_interval = 5s;
  });
  add("by slice, lazy", [](BufferSettings& s) {
    s.by_time = true;
    s.timekey = 60s;
    s.timekey_wait = 10s;
    s.flush_mode = FlushMode::lazy;
  });
  add("by tag, slice and field", [](BufferSettings& s) {
    s.by_tag = s.by_time = true;
    s.timekey = 30s;
    s.fields = {"user"};
    s.flush_mode = FlushMode::interval;
    s.flush_interval = 2s;
  });
  add("few records, a short queue", [](BufferSettings& s) {
    s.chunk_limit_records = 5;
    s.queue_limit_length = 4;
  });
  add("ordered, by field", [](BufferSettings& s) {
    s.ordered = true;
    s.fields = {"$.user"};
  });
  add("compressed", [](BufferSettings& s) {
    s.compression = BufferCompression::zstd;
    s.by_tag = true;
  });
  add("drops the new", [](BufferSettings& s) { s.overflow_action = OverflowAction::throw_exception; });
  add("drops the oldest", [](BufferSettings& s) {
    s.overflow_action = OverflowAction::drop_oldest_chunk;
    s.by_tag = true;
  });
  return cases;
}

BufferModel::BufferModel(BufferSettings settings, std::uint32_t seed, const Start& start)
    : settings_(std::move(settings)), random_(seed) {
  settings_.time = &time_;
  buffer_ = start(settings_, counters_);
}

BufferModel::Key BufferModel::key_of(std::string_view tag, std::int64_t sec, unsigned user) const {
  Key key;
  if (settings_.by_tag) key.append(tag);
  if (settings_.by_time) key.append(" ").append(std::to_string(sec - sec % settings_.timekey->count()));
  if (!settings_.fields.empty()) key.append(" u").append(std::to_string(user));
  return key;
}

void BufferModel::run(int steps) {
  for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
    step();
    check_counts();
  }
  if (!::testing::Test::HasFailure()) empty_buffer();
}

void BufferModel::step() {
  switch (below(12)) {
    case 0: return time_.pass(std::chrono::milliseconds(below(3000)));
    case 1: return below(8) == 0 ? check_all_due() : answer();
    case 2: return below(10) == 0 ? flush() : take();
    case 3:
    case 4: return take();
    case 5:
    case 6: return answer();
    default: return append();
  }
}

void BufferModel::append() {
  const std::string tag = "t" + std::to_string(below(3));
  std::vector<EventMaker::Spec> events;
  const unsigned count = 1 + below(below(5) == 0 ? 60 : 4);
  for (unsigned i = 0; i < count; ++i) {
    const std::size_t padding = below(40) == 0 ? 20000 : below(300);
    events.push_back({time_.seconds() - below(100), next_number_++, below(3), padding});
  }
  const BatchPtr batch = EventMaker::batch(tag, events);
  if (!buffer_->reserve(*batch)) {
    EXPECT_EQ(settings_.overflow_action, OverflowAction::block);
    EXPECT_GT(buffer_->totals().buffered_events, 0u) << "an empty buffer has room";
    room_wanted_ = true;
    return;
  }
  if (below(20) == 0) return buffer_->release_reservation(*batch);
  const std::uint64_t overflows = counters_.dropped_for(DropReason::overflow).value();
  appended_ += count;
  buffer_->append({batch, {}});
  if (settings_.overflow_action == OverflowAction::throw_exception &&
      counters_.dropped_for(DropReason::overflow).value() != overflows) {
    EXPECT_EQ(counters_.dropped_for(DropReason::overflow).value(), overflows + count) << "all of a batch, or nothing";
    return;
  }
  for (const EventMaker::Spec& event : events) waiting_[event.number] = key_of(tag, event.sec, event.user);
}

void BufferModel::check_chunk(const Chunk& chunk, const std::vector<std::int64_t>& numbers) {
  EXPECT_EQ(chunk.events, numbers.size());
  EXPECT_EQ(chunk.tag.has_value(), settings_.by_tag);
  EXPECT_EQ(chunk.timekey.has_value(), settings_.by_time);
  EXPECT_EQ(chunk.fields.size(), settings_.fields.size());
  if (numbers.size() > 1) {
    EXPECT_LE(chunk.bytes, settings_.chunk_limit) << "only a single event may be larger than a chunk";
    EXPECT_LE(chunk.events, settings_.chunk_limit_records.value_or(chunk.events));
  }
}

void BufferModel::take() {
  const Chunk* chunk = take_now();
  if (chunk == nullptr) return;
  std::vector<std::int64_t> numbers;
  chunk->for_each([&](std::string_view, const Event& event) { numbers.push_back(number_of(event)); });
  check_chunk(*chunk, numbers);
  if (settings_.ordered) {
    EXPECT_TRUE(taken_.empty()) << "one after the other";
  }
  Key key;
  if (const auto again = retrying_.find(chunk->id); again != retrying_.end()) {
    EXPECT_EQ(numbers, again->second.numbers) << "the same chunk again";
    EXPECT_GE(time_.now(), again->second.again) << "before its time";
    EXPECT_GE(chunk->attempts, 1u);
    key = again->second.key;
    retrying_.erase(again);
  } else {
    if (settings_.ordered) {
      EXPECT_TRUE(retrying_.empty()) << "it passed another";
    }
    EXPECT_EQ(chunk->attempts, 0u);
    for (const std::int64_t number : numbers) {
      const auto waiting = waiting_.find(number);
      ASSERT_NE(waiting, waiting_.end()) << "event " << number << " comes twice, or was never appended";
      const auto [last, first] = last_seen_.try_emplace(waiting->second, number);
      if (!first) {
        EXPECT_GT(number, std::exchange(last->second, number)) << "out of order";
      }
      key = waiting->second;
      waiting_.erase(waiting);
    }
  }
  taken_[chunk] = {numbers, {}, key};
}

void BufferModel::answer() {
  if (taken_.empty()) return;
  auto at = taken_.begin();
  std::advance(at, below(static_cast<unsigned>(taken_.size())));
  const Chunk& chunk = *at->first;
  Out out = std::move(at->second);
  const std::string id = chunk.id;
  taken_.erase(at);
  room_wanted_ = false;
  switch (below(4)) {
    case 0:
      out.again = time_.now() + std::chrono::milliseconds(below(5000));
      buffer_->retry(chunk, out.again);
      retrying_[id] = std::move(out);
      return;
    case 1: dropped_ += out.numbers.size(); return buffer_->drop(chunk, DropReason::refused);
    default: break;
  }
  const std::uint64_t invalid = below(10) == 0 ? 1 : 0;
  invalid_ += invalid;
  done_.insert(out.numbers.begin(), out.numbers.end());
  buffer_->done(chunk, invalid);
}

void BufferModel::flush() {
  buffer_->flush_now();
  for (auto& [id, out] : retrying_) out.again = Clock::time_point::min();
  while (!taken_.empty()) answer();
}

/// A chunk of the key waits for another attempt, or has one.
bool BufferModel::has_failed(const Key& key) const {
  const auto is_of_key = [&key](const auto& each) { return each.second.key == key; };
  return std::any_of(retrying_.begin(), retrying_.end(), is_of_key) ||
         std::any_of(taken_.begin(), taken_.end(),
                     [&](const auto& each) { return each.first->attempts > 0 && is_of_key(each); });
}

/// What has been in the buffer for as long as the settings say comes out, unless something before it, or of its key,
/// does not.
void BufferModel::check_all_due() {
  if (settings_.flush_mode == FlushMode::lazy || settings_.ordered) return;
  if (settings_.flush_mode == FlushMode::interval) time_.pass(settings_.flush_interval);
  for (std::size_t before = taken_.size() + 1; before != taken_.size();) {
    before = taken_.size();
    take();
  }
  if (settings_.overflow_action != OverflowAction::drop_oldest_chunk) {
    for (const auto& [number, key] : waiting_)
      EXPECT_TRUE(settings_.flush_mode == FlushMode::interval && has_failed(key)) << number << " of" << key;
  }
}

void BufferModel::check_counts() {
  const OutputTotals totals = buffer_->totals();
  EXPECT_EQ(totals.events_in, appended_);
  EXPECT_EQ(totals.events_in, totals.delivered + totals.dropped + totals.buffered_events);
  EXPECT_EQ(totals.delivered, done_.size() - invalid_);
  EXPECT_EQ(counters_.dropped_for(DropReason::refused).value(), dropped_);
  EXPECT_EQ(counters_.dropped_for(DropReason::invalid).value(), invalid_);
  EXPECT_EQ(buffer_->empty(), totals.buffered_events == 0);
}

void BufferModel::empty_buffer() {
  buffer_->drain();
  for (auto& [id, out] : retrying_) out.again = Clock::time_point::min();
  for (int i = 0; !buffer_->empty(); ++i) {
    ASSERT_LT(i, 1000000) << buffer_->totals().buffered_events << " events don't come out";
    take();
    answer();
    time_.pass(std::chrono::milliseconds(500));
    if (::testing::Test::HasFailure()) return;
  }
  check_counts();
  EXPECT_TRUE(taken_.empty());
  EXPECT_EQ(buffer_->totals().buffered_bytes, 0u);
  std::uint64_t missing = waiting_.size();
  for (const auto& [id, out] : retrying_) missing += out.numbers.size();
  const bool drops = settings_.overflow_action == OverflowAction::drop_oldest_chunk;
  EXPECT_EQ(missing, drops ? counters_.dropped_for(DropReason::overflow).value() : 0);
}

}  // namespace logboom::test
