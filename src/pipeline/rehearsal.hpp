#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/no_log.hpp"
#include "pipeline/pipeline.hpp"

namespace logboom {

/// A pipeline that runs in this thread without sockets, files and time: events are put in, and what would reach each
/// output is written down. Outputs are not started; only those of type `stdout` write.
class Rehearsal {
 public:
  struct Event {
    /// An output's id. Where an event came to no output: "unmatched" or "failed", for the event that was put in, or
    /// for one that a filter let go at the end; "held": what a filter still held at the end and that is lost then.
    std::string to;
    std::string tag;
    EventTime time;
    std::string record;  // one msgpack map
  };

  /// Throws ConfigError. The registry outlives the rehearsal.
  Rehearsal(const Element& root, const SystemSettings& system, const Registry& registry);
  ~Rehearsal();

  /// Throws std::invalid_argument where there is no such label.
  void put(const std::string& label, std::string_view tag, const EventTime& time, std::string_view record);
  /// Where the source of this id sends its events. Throws std::invalid_argument where there is none.
  const std::string& label_of(std::string_view source) const;
  /// The end: what filters hold comes out.
  void finish();

  /// In the order in which they came.
  const std::vector<Event>& events() const noexcept { return events_; }

 private:
  class Recorder;
  struct Now final : Executor {
    unsigned index() const noexcept override { return 0; }
    void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
    void call_at(std::chrono::steady_clock::time_point, std::function<void()>) override {}
    void run();
    std::deque<std::function<void()>> tasks;
  };
  struct NoFlow final : Flow {
    void hold() override {}
    void go_on() override {}
  };

  const std::shared_ptr<InputNode>& entry(const std::string& label);
  void note_lost(const char* end, const EventBatch& batch);

  NoLog log_;
  MetricsRegistry metrics_;
  std::vector<Event> events_;
  Now executor_;
  NoFlow flow_;
  EntryWriter writer_;
  const Event* put_ = nullptr;  // what is on its way; null at the end
  std::set<std::string> ends_;  // that it came to, in part
  std::shared_ptr<Pipeline> pipeline_;
  std::map<std::string, std::shared_ptr<InputNode>> entries_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

}  // namespace logboom
