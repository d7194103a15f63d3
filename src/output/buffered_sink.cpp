#include <utility>

#include "output/flusher.hpp"
#include "output/output_metrics.hpp"
#include "output/sink.hpp"

namespace logboom {

namespace {

class BufferedSink final : public Sink {
 public:
  BufferedSink(ChunkOutput& output, ChunkOutput* secondary, std::unique_ptr<Buffer> buffer,
               const BufferSettings& settings, SinkContext context)
      : output_(output),
        secondary_(secondary),
        buffer_(std::move(buffer)),
        id_(context.id),
        log_(context.log),
        flush_at_shutdown_(settings.flush_at_shutdown),
        flusher_(output, secondary, *buffer_, settings, counters_, context) {
    buffer_->start(settings, counters_);
    register_output_metrics(context.metrics, context.labels, counters_, [this] { return totals(); });
  }

  bool reserve(const EventBatch& batch) noexcept override { return buffer_->reserve(batch); }
  void unreserve(const EventBatch& batch) noexcept override { buffer_->release_reservation(batch); }
  void append(Delivery delivery) override { buffer_->append(std::move(delivery)); }
  void refuse(Delivery delivery) override {
    const std::uint64_t events = delivery.batch->events();
    counters_.events_in.add(events);
    counters_.bytes_in.add(delivery.batch->bytes());
    counters_.dropped_for(DropReason::overflow).add(events);
    std::uint64_t suppressed = 0;
    if (refusals_.due(suppressed))
      log_.warn(cat(id_, ": the buffer is full, ", events, " events are dropped; nobody waits for this store"));
    delivery.receipts.confirm();
  }
  void set_on_space(std::function<void()> on_space) override { buffer_->set_on_space(std::move(on_space)); }
  void start() override {
    buffer_->open();
    output_.start();
    if (secondary_ != nullptr) secondary_->start();
    flusher_.start();
  }
  void flush_now() override { buffer_->flush_now(); }
  void expect_stop() override {
    if (flush_at_shutdown_ || buffer_->survives()) buffer_->flush_now();
  }
  void reopen() override { flusher_.request_reopen(); }
  void drain(std::function<void()> done) override { flusher_.drain(std::move(done)); }
  void begin_stop(std::chrono::steady_clock::time_point deadline) override { flusher_.begin_stop(deadline); }
  Stopped stop(std::chrono::steady_clock::time_point deadline) override { return flusher_.stop(deadline); }
  OutputTotals totals() const override { return buffer_->totals(); }
  bool survives() const noexcept override { return buffer_->survives(); }
  const OutputCounters* counters() const noexcept override { return &counters_; }

 private:
  ChunkOutput& output_;
  ChunkOutput* secondary_;
  OutputCounters counters_;
  std::unique_ptr<Buffer> buffer_;
  std::string id_;
  Log& log_;
  const bool flush_at_shutdown_;
  LogLimiter refusals_{std::chrono::seconds(10)};
  Flusher flusher_;
};

}  // namespace

std::unique_ptr<Sink> make_buffered_sink(ChunkOutput& output, ChunkOutput* secondary, std::unique_ptr<Buffer> buffer,
                                         const BufferSettings& settings, SinkContext context) {
  return std::make_unique<BufferedSink>(output, secondary, std::move(buffer), settings, std::move(context));
}

}  // namespace logboom
