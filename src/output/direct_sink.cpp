#include "output/output_metrics.hpp"
#include "output/sink.hpp"

namespace logboom {

namespace {

class DirectSink final : public Sink {
 public:
  DirectSink(DirectOutput& output, const SinkContext& context) : output_(output) {
    register_output_metrics(context.metrics, context.labels, counters_, [this] { return totals(); });
  }

  bool reserve(const EventBatch&) noexcept override { return true; }
  void unreserve(const EventBatch&) noexcept override {}
  void append(Delivery delivery) override {
    const EventBatch& batch = *delivery.batch;
    output_.consume(batch);
    counters_.events_in.add(batch.events());
    counters_.delivered.add(batch.events());
    counters_.bytes_in.add(batch.bytes());
    delivery.receipts.confirm();
  }
  void refuse(Delivery delivery) override { append(std::move(delivery)); }
  void set_on_space(std::function<void()>) override {}
  void start() override { output_.start(); }
  void drain(std::function<void()> done) override { done(); }
  Stopped stop(std::chrono::steady_clock::time_point) override { return Stopped::clean; }
  OutputTotals totals() const override {
    OutputTotals totals;
    totals.events_in = totals.delivered = counters_.delivered.value();
    return totals;
  }
  const OutputCounters* counters() const noexcept override { return &counters_; }

 private:
  DirectOutput& output_;
  OutputCounters counters_;
};

}  // namespace

std::unique_ptr<Sink> make_direct_sink(DirectOutput& output, SinkContext context) {
  return std::make_unique<DirectSink>(output, context);
}

}  // namespace logboom
