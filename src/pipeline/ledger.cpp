#include "pipeline/ledger.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/json_string.hpp"
#include "pipeline/dispatcher.hpp"

namespace logboom {

namespace {

using namespace std::chrono_literals;

constexpr auto workers_patience = 3s;
/// How often a checkpoint is brought to disk, and not only to the system's memory, which outlives the process.
constexpr auto sync_interval = 5s;
constexpr std::size_t most_gaps = 16;

std::int64_t now_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  std::size_t broken = 0;
  while (at != end) {
    const std::size_t length = *at < 0x80 ? 1 : json::utf8_length(at, end, broken);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

/// The tag where it is UTF-8; else each byte that is not ASCII as `\xff`.
std::string shown(std::string_view tag) {
  if (is_utf8(tag)) return std::string(tag);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : tag) {
    const auto byte = static_cast<unsigned char>(c);
    byte < 0x80 ? out += c : out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return out;
}

/// One account as it was at its worker's turn. The names live as long as the books.
struct Copied {
  std::string_view source;
  std::string_view tag;
  Amounts amounts;
};

void copy(const Books& books, std::vector<Copied>& out) {
  for (const auto& [id, book] : books.sources()) {
    book.for_each([&, &source = id](std::string_view tag, const Amounts& amounts) {
      out.push_back({source, tag, amounts});
    });
  }
}

/// Sources that come with the program are only shown where there is something of them.
bool is_worth_a_line(const Copied& copied) { return copied.source.front() != '(' || copied.amounts != Amounts(); }

/// Tags of runs before this one can be more than a run has: those with the fewest events are summed.
void bound_tags(LedgerSource& source) {
  while (source.tags.size() > SourceBook::most_tags + 1) {
    auto least = source.tags.end();
    for (auto at = source.tags.begin(); at != source.tags.end(); ++at) {
      if (at->first.empty() || at->second.in_flight() != 0) continue;
      if (least == source.tags.end() || at->second[Term::in] < least->second[Term::in]) least = at;
    }
    if (least == source.tags.end()) return;
    const Amounts amounts = least->second;
    source.tags.erase(least);
    source.tags[""] += amounts;
  }
}

}  // namespace

struct Ledger::Collection {
  std::vector<Copied> copies;
  std::size_t missing = 0;
};

Ledger::Ledger(std::string root_dir, Log& log) : root_dir_(std::move(root_dir)), log_(log), started_(now_ms()) {
  base_.since = started_;
  if (!root_dir_.empty()) load();
}

Ledger::~Ledger() { workers_end(); }

void Ledger::open(std::string root_dir) {
  root_dir_ = std::move(root_dir);
  base_.since = started_ = now_ms();
  load();
}

void Ledger::load() {
  const std::string path = ledger_path(root_dir_);
  try {
    LedgerState found = read_ledger(path);
    if (found.written == 0) return;
    base_ = std::move(found);
    gap_before_ = !base_.ended;
  } catch (const std::exception& error) {
    const std::string aside = cat(path, ".", started_);
    std::rename(path.c_str(), aside.c_str());
    log_.warn(cat("the ledger begins anew: ", std::string_view(error.what()), "; it is kept as ", aside));
  }
  if (!gap_before_) return;
  for (auto& [id, source] : base_.sources) {
    for (auto& [tag, amounts] : source.tags) {
      source.gap += amounts.in_flight();
      on_the_way_ += amounts.in_flight();
      amounts[Term::parked] = amounts[Term::held] = 0;
    }
  }
  // Sources and outputs are read one after the other: what lay between them stays between them.
  base_.skew += base_.between();
}

/// What an output had delivered and dropped between the last checkpoint and the end of its process, as its buffer says.
std::int64_t Ledger::add_uncounted(LedgerOutput& output, const std::optional<LedgerOutput::Ever>& before) const {
  if (!before) return 0;
  LedgerOutput::Ever then = output.ever.value_or(LedgerOutput::Ever());
  if (then.buffer != before->buffer) {
    // Another one, which nothing is known of: all that it has counted is new if it is younger than what is known.
    if (before->since_ms < (output.ever ? base_.written : base_.since)) return 0;
    then = LedgerOutput::Ever();
  }
  std::int64_t sum = 0;
  const auto add = [&sum](std::int64_t& to, std::int64_t now, std::int64_t earlier) {
    const std::int64_t more = std::max<std::int64_t>(now - earlier, 0);
    to += more;
    sum += more;
  };
  add(output.delivered, before->delivered, then.delivered);
  for (std::size_t i = 0; i < output.dropped.size(); ++i) add(output.dropped[i], before->dropped[i], then.dropped[i]);
  return sum;
}

std::unique_ptr<Ledger::Entry> Ledger::enter(const std::string& id, const Sink& sink) {
  class OutputEntry final : public Entry {
   public:
    OutputEntry(std::shared_ptr<LedgerOutputs> outputs, const std::string& name, const Sink& of)
        : outputs_(std::move(outputs)), place_(outputs_->enter(name, of)) {}
    ~OutputEntry() override { outputs_->leave(place_); }

   private:
    std::shared_ptr<LedgerOutputs> outputs_;
    LedgerOutputs::Place place_;
  };
  return std::make_unique<OutputEntry>(outputs_, id, sink);
}

void Ledger::start(std::vector<Dispatcher*> dispatchers) {
  dispatchers_ = std::move(dispatchers);
  has_started_ = true;
  if (root_dir_.empty()) return;
  // Before anything comes: a process that is killed soon has a ledger too.
  checkpoint(false);
  thread_ = std::thread([this] { work(); });
}

void Ledger::carry(const std::string& source, std::string_view tag, std::uint64_t events,
                   const std::function<void()>& append) {
  const std::lock_guard lock(own_mutex_);
  Account& account = own_.source(source).account(Tag::make(tag));
  carried_.add(events);
  append();
  account.add(Term::in, events);
  account.add(Term::routed, events);
  own_.note_activity();
}

LedgerState Ledger::read() { return put_together(&Ledger::ask_workers); }

/// Each worker's books, at that worker's own turn: between two batches everything is at its place.
void Ledger::ask_workers(Collection& all) {
  const auto collection = std::make_shared<Collection>();
  collection->missing = dispatchers_.size();
  for (Dispatcher* dispatcher : dispatchers_) {
    dispatcher->executor().post([this, dispatcher, collection] {
      std::vector<Copied> copies;
      copy(dispatcher->books(), copies);
      const std::lock_guard lock(mutex_);
      collection->copies.insert(collection->copies.end(), copies.begin(), copies.end());
      if (--collection->missing == 0) changed_.notify_all();
    });
  }
  std::unique_lock lock(mutex_);
  const bool came =
      changed_.wait_until(lock, Clock::now() + workers_patience, [&] { return stopping_ || collection->missing == 0; });
  if (stopping_) throw std::runtime_error("logboom is stopping");
  if (!came) throw std::runtime_error("a worker does not come to its turn");
  all.copies.swap(collection->copies);
}

void Ledger::look_at_books(Collection& all) {
  for (const Dispatcher* dispatcher : dispatchers_) copy(dispatcher->books(), all.copies);
}

LedgerState Ledger::put_together(void (Ledger::*read_books)(Collection&)) {
  const auto in = [](const Outputs& outputs) {
    std::int64_t sum = 0;
    for (const auto& [id, counts] : outputs) sum += counts.output.in;
    return sum;
  };
  LedgerState state = base_;
  const std::int64_t before = in(outputs_->read());
  Collection all;
  (this->*read_books)(all);
  {
    const std::lock_guard lock(own_mutex_);
    copy(own_, all.copies);
    for (const Copied& copied : all.copies) {
      if (!is_worth_a_line(copied)) continue;
      LedgerSource& source = state.sources[std::string(copied.source)];
      if (copied.amounts != Amounts()) source.tags[shown(copied.tag)] += copied.amounts;
    }
  }
  for (auto& [id, source] : state.sources) bound_tags(source);
  const Outputs outputs = outputs_->read();
  state.moving = in(outputs)-before;
  add_outputs(state, outputs);
  add_gap(state, outputs);
  state.written = now_ms();
  state.ended = false;
  state.per_second = 0;
  return state;
}

/// What a sink has found at its start, and what its buffer had counted since the last checkpoint, is counted as having
/// come already; what is neither is a gap.
void Ledger::add_outputs(LedgerState& state, const Outputs& outputs) const {
  for (const auto& [id, counts] : outputs) {
    LedgerOutput& output = state.outputs[id];
    const std::int64_t uncounted = add_uncounted(output, counts.before);
    const std::int64_t came = uncounted + counts.recovered - counts.left_behind - output.buffered;
    const std::int64_t found = std::max<std::int64_t>(came, 0);
    const std::int64_t missing = std::max<std::int64_t>(-came, 0);
    output.in += counts.output.in - counts.recovered + found;
    output.found += found;
    output.delivered += counts.output.delivered;
    for (std::size_t i = 0; i < output.dropped.size(); ++i) output.dropped[i] += counts.output.dropped[i];
    output.buffered = counts.output.buffered;
    (counts.there && !counts.opening ? output.gap : output.buffered) += missing;
    if (counts.output.ever) output.ever = counts.output.ever;
  }
}

void Ledger::add_gap(LedgerState& state, const Outputs& outputs) const {
  LedgerGap gap;
  gap.from = base_.written;
  gap.to = started_;
  gap.uncounted_ms = std::min(gap.to - gap.from, std::chrono::milliseconds(interval).count());
  gap.per_second = base_.per_second;
  const auto of_base = [this](const std::string& id) {
    const auto at = base_.outputs.find(id);
    return at == base_.outputs.end() ? LedgerOutput() : at->second;
  };
  for (const auto& [id, counts] : outputs) {
    gap.at_most += state.outputs[id].gap - of_base(id).gap;
    gap.found += state.outputs[id].found - of_base(id).found;
  }
  gap.at_most += on_the_way_;
  if (!gap_before_ && gap.at_most == 0 && gap.found == 0) return;
  state.gaps.push_back(gap);
  while (state.gaps.size() > most_gaps) {
    state.gaps.erase(state.gaps.begin());
    ++state.earlier_gaps;
  }
}

bool Ledger::has_changed() {
  std::uint64_t activity = 0;
  for (const Dispatcher* dispatcher : dispatchers_) activity += dispatcher->books().activity();
  {
    const std::lock_guard lock(own_mutex_);
    activity += own_.activity();
  }
  std::int64_t moved = 0;
  for (const auto& [id, counts] : outputs_->read()) {
    moved += counts.output.in - counts.output.buffered + counts.recovered;
    if (counts.output.ever) ++moved;
  }
  const bool changed = activity != std::exchange(seen_activity_, activity);
  return (moved != std::exchange(seen_outputs_, moved)) || changed;
}

void Ledger::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    if (has_changed()) checkpoint(false);
    lock.lock();
    changed_.wait_for(lock, interval, [this] { return stopping_; });
  }
}

void Ledger::checkpoint(bool ended) {
  try {
    LedgerState state = put_together(ended ? &Ledger::look_at_books : &Ledger::ask_workers);
    std::int64_t in = 0;
    for (const auto& [id, source] : state.sources) in += source.total()[Term::in];
    const auto now = Clock::now();
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_read_).count();
    const bool first = last_read_ == Clock::time_point();
    state.per_second = first || passed <= 0 ? 0 : (in - last_in_) * 1000 / passed;
    last_in_ = in;
    last_read_ = now;
    state.ended = ended;
    const bool safe = ended || now - synced_ >= sync_interval;
    write_ledger(ledger_path(root_dir_), state, safe);
    if (safe) synced_ = now;
  } catch (const std::exception& error) {
    std::uint64_t suppressed = 0;
    if (stopping_ && !ended) return;
    if (failures_.due(suppressed)) log_.warn(cat("no checkpoint of the ledger: ", std::string_view(error.what())));
  }
}

void Ledger::workers_end() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Ledger::finish() {
  if (!root_dir_.empty() && has_started_) checkpoint(true);
}

}  // namespace logboom
