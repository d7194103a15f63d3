#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/json.hpp>
#include <logboom/log.hpp>
#include <logboom/metrics.hpp>
#include <logboom/net.hpp>
#include <logboom/testing/context.hpp>

/// Drivers for tests of inputs, without sockets, threads or a pipeline: a `net::Host` that connects its own clients, a
/// `net::Connection` that writes down what a session does, a log and a build context that remember. For tests only.
///
/// Threads: one, but for RecordingLog.
namespace logboom::testing {

/// One event as a test reads it: time as "1700000000" or "1700000000.000000005", the record as JSON.
struct Row {
  std::string tag;
  std::string time;
  std::string record;

  friend bool operator==(const Row&, const Row&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.tag << " " << row.time << " " << row.record;
  }
};

inline std::string time_text(EventTime time) {
  std::string text = std::to_string(time.sec);
  if (time.nsec == 0) return text;
  char digits[16];
  std::snprintf(digits, sizeof digits, ".%09u", time.nsec);
  return text + digits;
}

inline std::string json_text(const msgpack::Value& value) {
  OutBuffer out;
  append_json(out, value);
  return std::string(out.text());
}

inline void append_rows(const EventBatch& batch, std::vector<Row>& rows) {
  batch.for_each([&](const Event& event) {
    rows.push_back({std::string(batch.tag().text()), time_text(event.time), json_text(event.record.value())});
  });
}

/// What becomes of the receipts of what a session emits.
enum class Settle : std::uint8_t {
  confirm,  // safe at once
  fail,     // never safe
  by_hand,  // kept with the deliveries: see FakeConnection::confirm and lose
};

/// Who a connection claims to come from.
struct Peer {
  std::string peer = "192.0.2.7:50123";
  std::string address = "192.0.2.7";
  std::string host = "sender.example";
};

/// Writes down what its session asks for. Whoever drives the session hands on receipts' outcomes and timers:
/// SessionDriver.
class FakeConnection final : public net::Connection {
 public:
  explicit FakeConnection(Peer peer = {}, Settle settle = Settle::confirm) : peer_(std::move(peer)), settle_(settle) {}

  const std::string& peer() const override { return peer_.peer; }
  const std::string& peer_address() const override { return peer_.address; }
  const std::string& peer_host() const override { return peer_.host; }
  Tag tag(std::string_view text) override {
    Tag& tag = tags_[std::string(text)];
    if (!tag) tag = Tag::make(text);
    return tag;
  }
  SlabPool& slabs() override { return pool_; }
  void emit(Delivery delivery) override {
    if (settle_ == Settle::confirm) delivery.receipts.confirm();
    if (settle_ == Settle::fail) delivery.receipts = {};
    deliveries_.push_back(std::move(delivery));
  }
  bool held() const override { return held_; }
  Receipt receipt(std::uint64_t token) override { return Receipt(new Outcome(outcomes_, token)); }
  void send(std::string_view bytes) override {
    if (!closed_) sent_.emplace_back(bytes);
  }
  void set_timer(std::chrono::microseconds after) override { timer_ = after; }
  bool peer_finished() override { return peer_finished_; }
  void prompt() override { prompt_ = true; }
  void half_open(bool on) override { half_open_ = on; }
  void holds(std::size_t bytes) override { holds_ = bytes; }
  void close(net::Close how) override {
    if (!closed_) closed_ = how;
  }

  /// All that was emitted, in order. Read from the bytes as they are now: what changes an emitted batch shows here.
  std::vector<Row> rows() const {
    std::vector<Row> rows;
    for (const Delivery& delivery : deliveries_) append_rows(*delivery.batch, rows);
    return rows;
  }
  std::deque<Delivery>& deliveries() noexcept { return deliveries_; }
  /// With Settle::by_hand: the events of this delivery are safe, or lost.
  void confirm(std::size_t delivery) { std::exchange(deliveries_.at(delivery).receipts, {}).confirm(); }
  void lose(std::size_t delivery) { deliveries_.at(delivery).receipts = {}; }

  /// What `peer_finished` says from now on.
  void set_peer_finished(bool finished) noexcept { peer_finished_ = finished; }
  /// What `held` says from now on. Whoever drives the handler does not keep anything back for that.
  void set_held(bool held) noexcept { held_ = held; }

  /// Each call of `send`, in order.
  const std::vector<std::string>& sent() const noexcept { return sent_; }
  const std::optional<net::Close>& closed() const noexcept { return closed_; }
  const std::optional<std::chrono::microseconds>& timer() const noexcept { return timer_; }
  bool is_prompt() const noexcept { return prompt_; }
  bool is_half_open() const noexcept { return half_open_; }
  std::size_t held_bytes() const noexcept { return holds_; }

 private:
  template <class H>
  friend class HandlerDriver;
  friend class SessionDriver;
  using Outcomes = std::deque<std::pair<std::uint64_t, bool>>;
  class Outcome final : public Receipt::Target {
   public:
    Outcome(std::shared_ptr<Outcomes> outcomes, std::uint64_t token) : outcomes_(std::move(outcomes)), token_(token) {}
    void settled(bool confirmed) noexcept override { outcomes_->emplace_back(token_, confirmed); }

   private:
    std::shared_ptr<Outcomes> outcomes_;
    std::uint64_t token_;
  };

  Peer peer_;
  Settle settle_;
  SlabPool pool_;
  std::map<std::string, Tag> tags_;
  std::deque<Delivery> deliveries_;
  std::vector<std::string> sent_;
  std::optional<net::Close> closed_;
  std::optional<std::chrono::microseconds> timer_;
  bool prompt_ = false;
  bool half_open_ = false;
  std::size_t holds_ = 0;
  bool held_ = false;
  bool peer_finished_ = false;
  std::shared_ptr<Outcomes> outcomes_ = std::make_shared<Outcomes>();
};

/// Gives a session bytes as a real connection does: what was not consumed comes again at another address, with more
/// behind it; outcomes of receipts and timers arrive between the calls; after a close nothing arrives any more.
///
/// Each read stands in a slab of exactly its size, so that AddressSanitizer sees a session that looks beyond it, and
/// what was not consumed is overwritten afterwards in the old place. Throws std::logic_error where a session breaks the
/// contract: consumes more than there is, or changes bytes that it leaves.
class SessionDriver {
 public:
  explicit SessionDriver(const net::Host::SessionFactory& sessions, Peer peer = {}, Settle settle = Settle::confirm)
      : connection_(std::move(peer), settle), session_(sessions(connection_)) {
    session_->on_open();
    after_call();
  }
  SessionDriver(const SessionDriver&) = delete;
  SessionDriver& operator=(const SessionDriver&) = delete;
  ~SessionDriver() { end(net::End::shutdown); }

  /// One read that brings these bytes, then what they settled. Nothing happens after the end.
  void feed(std::string_view bytes) {
    if (ended_ || bytes.empty()) return;
    residue_.append(bytes);
    const SlabPtr slab(Slab::make(residue_.size()));
    std::memcpy(slab->data(), residue_.data(), residue_.size());
    const std::size_t used = session_->on_bytes(slab, slab->data(), residue_.size());
    if (used > residue_.size()) throw std::logic_error("the session consumed more than it was given");
    const std::size_t left = residue_.size() - used;
    if (std::memcmp(slab->data() + used, residue_.data() + used, left) != 0) {
      throw std::logic_error("the session changed bytes that it did not consume");
    }
    std::memset(slab->data() + used, 0xc1, left);
    residue_.erase(0, used);
    most_residue_ = std::max(most_residue_, left);
    after_call();
    deliver_outcomes();
  }
  /// The stream in reads that end at these places, and at its own end.
  void feed_cut(std::string_view stream, std::span<const std::size_t> cuts) {
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
      if (cut <= at || cut >= stream.size()) continue;
      feed(stream.substr(at, cut - at));
      at = cut;
    }
    feed(stream.substr(at));
  }
  void feed_bytewise(std::string_view stream) {
    for (std::size_t i = 0; i < stream.size(); ++i) feed(stream.substr(i, 1));
  }

  /// Tells the session of receipts that were settled meanwhile.
  void deliver_outcomes() {
    while (!ended_ && !connection_.outcomes_->empty()) {
      const auto [token, confirmed] = connection_.outcomes_->front();
      connection_.outcomes_->pop_front();
      session_->on_receipt(token, confirmed);
      after_call();
    }
  }
  /// Lets the timer fire now, if one is set, however early that is.
  bool fire_timer() {
    if (ended_ || !std::exchange(connection_.timer_, std::nullopt)) return false;
    session_->on_timer();
    after_call();
    deliver_outcomes();
    return true;
  }
  /// Fires timers until the session sets none. False: it still does after `patience`.
  bool run_timers(std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (fire_timer()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
  }
  void end(net::End reason = net::End::peer_closed) {
    if (std::exchange(ended_, true)) return;
    session_->on_end(reason, residue_.size());
  }

  /// As an upgrade does it: the session's state and the bytes that it left, for a session that takes over. Nothing: it
  /// is in the middle of a message, owes something, or can't be handed over. It is over where there is something.
  std::optional<std::pair<std::string, std::string>> hand_over() {
    if (ended_ || !session_->pause() || session_->waiting()) return std::nullopt;
    std::optional<std::string> state = session_->hand_over();
    ended_ = state.has_value();
    return state ? std::optional(std::pair(std::move(*state), residue_)) : std::nullopt;
  }
  void take_over(const std::pair<std::string, std::string>& handed) {
    session_->take_over(handed.first);
    feed(handed.second);
  }

  FakeConnection& connection() noexcept { return connection_; }
  net::Session& session() noexcept { return *session_; }
  bool ended() const noexcept { return ended_; }
  std::size_t residue() const noexcept { return residue_.size(); }
  /// The most that was ever left unconsumed by a call.
  std::size_t most_residue() const noexcept { return most_residue_; }

 private:
  void after_call() {
    if (connection_.closed_) end(net::End::closed_by_us);
  }

  FakeConnection connection_;
  std::unique_ptr<net::Session> session_;
  std::string residue_;
  std::size_t most_residue_ = 0;
  bool ended_ = false;
};

/// Drives a task or a session of datagrams: hands on receipts' outcomes and timers between the calls. What it emits is
/// found in `source`.
template <class H>
class HandlerDriver {
 public:
  explicit HandlerDriver(const std::function<std::unique_ptr<H>(net::Source&)>& make, Settle settle = Settle::confirm)
      : source_({}, settle), handler_(make(source_)) {}

  H& handler() noexcept { return *handler_; }
  FakeConnection& source() noexcept { return source_; }
  std::vector<Row> rows() const { return source_.rows(); }
  void deliver_outcomes() {
    while (!source_.outcomes_->empty()) {
      const auto [token, confirmed] = source_.outcomes_->front();
      source_.outcomes_->pop_front();
      handler_->on_receipt(token, confirmed);
    }
  }
  /// Lets the timer fire now, if one is set, however early that is.
  bool fire_timer() {
    if (!std::exchange(source_.timer_, std::nullopt)) return false;
    handler_->on_timer();
    deliver_outcomes();
    return true;
  }

 private:
  FakeConnection source_;
  std::unique_ptr<H> handler_;
};
using TaskDriver = HandlerDriver<net::Task>;

class FakeDatagram final : public net::Datagram {
 public:
  explicit FakeDatagram(std::string_view bytes, Peer peer = {}, bool truncated = false)
      : bytes_(bytes.begin(), bytes.end()), peer_(std::move(peer)) {
    data_ = bytes_.data();
    size_ = bytes_.size();
    truncated_ = truncated;
  }
  const std::string& peer() const override { return peer_.peer; }
  const std::string& peer_address() const override { return peer_.address; }
  const std::string& peer_host() const override { return peer_.host; }
  void reply(std::string_view bytes) const override { replies_.emplace_back(bytes); }
  const std::vector<std::string>& replies() const noexcept { return replies_; }

 private:
  std::vector<std::uint8_t> bytes_;
  Peer peer_;
  mutable std::vector<std::string> replies_;
};

/// Remembers where an input listens, and connects clients to it. Outlives its drivers.
class FakeHost final : public net::Host {
 public:
  using Counts = std::map<std::string, std::uint64_t>;

  void listen(const net::StreamListen& where, SessionFactory sessions) override {
    listens_.push_back(where);
    if (listens_.back().port == 0 && where.unix_path.empty()) listens_.back().port = 40000;
    sessions_.push_back(std::move(sessions));
  }
  void listen_datagram(const net::DatagramListen& where, DatagramFactory sessions) override {
    datagram_listens_.push_back(where);
    datagrams_.push_back(std::make_unique<HandlerDriver<net::DatagramSession>>(sessions));
  }
  void run(TaskFactory make) override { tasks_.push_back(std::make_unique<TaskDriver>(make)); }
  /// What is adopted stays open, and is found in `adopted`.
  Adopter adopter(SessionFactory sessions) override {
    sessions_.push_back(std::move(sessions));
    return [this](int fd, std::string name) { adopted_.emplace_back(fd, std::move(name)); };
  }
  std::uint16_t last_port() const override { return listens_.empty() ? std::uint16_t{0} : listens_.back().port; }
  Counter& dropped(std::string_view reason) override { return dropped_[std::string(reason)]; }
  Counter& errors(std::string_view reason) override { return errors_[std::string(reason)]; }
  DecompressBudget& decompress_budget() override { return budget_; }
  RecordingLog& log() override { return log_; }

  const std::vector<net::StreamListen>& listens() const noexcept { return listens_; }
  const std::vector<net::DatagramListen>& datagram_listens() const noexcept { return datagram_listens_; }
  /// The session of the given listener of datagrams.
  HandlerDriver<net::DatagramSession>& datagrams(std::size_t listener = 0) { return *datagrams_.at(listener); }
  TaskDriver& task(std::size_t index = 0) { return *tasks_.at(index); }
  std::size_t tasks() const noexcept { return tasks_.size(); }
  const std::vector<std::pair<int, std::string>>& adopted() const noexcept { return adopted_; }

  /// A client of the given listener.
  std::unique_ptr<SessionDriver> connect(Peer peer = {}, Settle settle = Settle::confirm, std::size_t listener = 0) {
    return std::make_unique<SessionDriver>(sessions_.at(listener), std::move(peer), settle);
  }
  /// Sends one datagram; returns the answers.
  std::vector<std::string> datagram(std::string_view bytes, std::size_t listener = 0, Peer peer = {}) {
    const FakeDatagram datagram(bytes, std::move(peer));
    datagrams(listener).handler().on_datagram(datagram);
    datagrams(listener).handler().on_pause();
    datagrams(listener).deliver_outcomes();
    return datagram.replies();
  }
  /// The counters that are not zero.
  Counts dropped_counts() const { return counts(dropped_); }
  Counts error_counts() const { return counts(errors_); }

 private:
  DecompressBudget budget_{std::uint64_t{512} << 20};
  static Counts counts(const std::map<std::string, Counter>& counters) {
    Counts counts;
    for (const auto& [reason, counter] : counters) {
      if (counter.value() != 0) counts[reason] = counter.value();
    }
    return counts;
  }

  std::vector<net::StreamListen> listens_;
  std::vector<SessionFactory> sessions_;
  std::vector<net::DatagramListen> datagram_listens_;
  std::map<std::string, Counter> dropped_;
  std::map<std::string, Counter> errors_;
  RecordingLog log_;
  std::vector<std::pair<int, std::string>> adopted_;
  // Last, because they count in what is above.
  std::vector<std::unique_ptr<HandlerDriver<net::DatagramSession>>> datagrams_;
  std::vector<std::unique_ptr<TaskDriver>> tasks_;
};

}  // namespace logboom::testing
