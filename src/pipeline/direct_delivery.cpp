#include "pipeline/direct_delivery.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>

namespace logboom {

void Settlements::expect() {
  const std::lock_guard lock(mutex_);
  ++counts_.open;
}

void Settlements::settle(bool confirmed) {
  const std::lock_guard lock(mutex_);
  --counts_.open;
  ++(confirmed ? counts_.confirmed : counts_.failed);
  changed_.notify_all();
}

Settlements::Counts Settlements::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Settlements::wait(std::chrono::milliseconds longest) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, longest, [this] { return counts_.open == 0; });
}

Receipts receipts_for(std::function<void(Outcome outcome)> settled) {
  class Target final : public Receipt::Target {
   public:
    explicit Target(std::function<void(Outcome)> call) : call_(std::move(call)) {}
    bool accepts_loss() noexcept override {
      lost_ = true;
      return false;
    }
    void settled(bool confirmed) noexcept override {
      call_(confirmed ? Outcome::delivered : lost_ ? Outcome::lost : Outcome::left);
    }

   private:
    std::function<void(Outcome)> call_;
    std::atomic<bool> lost_{false};
  };
  Receipts receipts;
  receipts.level = AckLevel::delivered;
  receipts.add(Receipt(new Target(std::move(settled))));
  return receipts;
}

std::uint64_t deliver_directly(const std::string& source, const std::vector<BatchPtr>& batches, Receipts receipts,
                               MessageId id, Sink& sink, Ledger& ledger, const std::function<bool()>& is_over) {
  constexpr auto next_look = std::chrono::milliseconds(10);
  std::uint64_t sent = 0;
  std::uint64_t ordinal = 0;
  for (const BatchPtr& batch : batches) {
    while (!sink.reserve(*batch)) {
      if (is_over()) return sent;
      std::this_thread::sleep_for(next_look);
    }
    MessageId each = id;
    if (each) each.low ^= ordinal++ * 0x9e3779b97f4a7c15U;
    ledger.carry(source, batch->tag().text(), batch->events(), [&] { sink.append({batch, receipts.share(), each}); });
    sent += batch->events();
  }
  receipts.confirm();
  return sent;
}

void RunningOutputs::follow(const std::shared_ptr<const Pipeline>& pipeline) {
  const std::lock_guard lock(mutex_);
  pipeline_ = pipeline;
}

std::vector<std::shared_ptr<OutputNode>> RunningOutputs::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<OutputNode>> found;
  if (const auto pipeline = pipeline_.lock()) {
    for (const auto& output : pipeline->outputs()) {
      if (output->sink) found.push_back(output);
    }
  }
  return found;
}

std::shared_ptr<OutputNode> RunningOutputs::find(const std::string& id) const {
  std::string ids;
  for (auto& output : all()) {
    if (output->id == id) return output;
    ids.append(ids.empty() ? "" : ", ").append(output->id);
  }
  throw std::runtime_error(cat("there is no output '", id, "'; there are: ", ids.empty() ? "none" : ids));
}

}  // namespace logboom
