#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include <logboom/output.hpp>

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// Of a chunk that its label's outputs have to take before they get more.
constexpr std::uint64_t most_at_once = std::uint64_t{8} << 20;

/// Counts the receipts of one chunk's batches.
class Settlement {
 public:
  void expect() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  void settled(bool confirmed) {
    const std::lock_guard lock(mutex_);
    --open_;
    failed_ = failed_ || !confirmed;
    changed_.notify_all();
  }
  /// True when all were confirmed. False when one was not, or `give_up` said so before.
  template <class F>
  bool wait(F&& give_up) {
    std::unique_lock lock(mutex_);
    while (open_ != 0) {
      if (give_up()) return false;
      changed_.wait_for(lock, 100ms);
    }
    return !failed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t open_ = 0;
  bool failed_ = false;
};

struct Target final : Receipt::Target {
  explicit Target(std::shared_ptr<Settlement> all) : settlement(std::move(all)) {}
  void settled(bool confirmed) noexcept override { settlement->settled(confirmed); }
  std::shared_ptr<Settlement> settlement;
};

class OutBufferPlugin final : public ChunkOutput {
 public:
  struct Options {
    static void describe(Describe<Options>& d) { d.leave_section("buffer"); }
  };

  OutBufferPlugin(Options, BuildContext& context) : back_(context.reemitter()) {
    const Attribute* label = context.element().find("@label");
    if (label == nullptr || label->is_nil || label->is_default || label->value.empty())
      throw ConfigError(context.element().pos,
                        "buffer: @label is needed, the name of the <label> that gets the events when they are flushed");
  }

  BufferDefaults buffer_defaults() const override {
    BufferDefaults defaults;
    defaults.flush_interval = 10s;
    defaults.chunk_keys = {"tag"};
    return defaults;
  }

  WriteResult write(const Chunk& chunk) override {
    const auto settlement = std::make_shared<Settlement>();
    const auto give_up = [this] { return interrupted_.load(); };
    std::uint64_t size = 0;
    chunk.for_each_batch([&](const BatchPtr& batch) {
      settlement->expect();
      Delivery delivery{batch, {}};
      delivery.receipts.add(Receipt(new Target(settlement)));
      back_.emit(std::move(delivery));
      size += batch->bytes();
      if (size < most_at_once) return true;
      size = 0;
      return settlement->wait(give_up);
    });
    if (settlement->wait(give_up)) return {};
    return {WriteResult::Status::retry, "the outputs of its label did not take all events", 0};
  }

  void interrupt() noexcept override { interrupted_ = true; }

 private:
  Reemitter& back_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace

namespace plugins {

PluginInfo out_buffer() {
  return describe_plugin<OutBufferPlugin>(
      PluginKind::output, "buffer", "Buffers events, and hands them to the rules of a `<label>` when it flushes.");
}

}  // namespace plugins

}  // namespace logboom
