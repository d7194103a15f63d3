#include "pipeline/rehearsal.hpp"

#include <stdexcept>
#include <utility>

namespace logboom {

namespace {

std::string bytes_of(const msgpack::Value& value) {
  return {reinterpret_cast<const char*>(value.begin()), value.size()};
}

}  // namespace

/// In the place of an output's buffer.
class Rehearsal::Recorder final : public Sink {
 public:
  Recorder(std::vector<Event>& events, const OutputNode& node) : events_(events), id_(node.id) {
    if (node.type == "stdout") writes_ = dynamic_cast<ChunkOutput*>(node.plugin.get());
  }

  bool reserve(const EventBatch&) noexcept override { return true; }
  void unreserve(const EventBatch&) noexcept override {}
  void append(Delivery delivery) override {
    const std::string tag(delivery.batch->tag().text());
    delivery.batch->for_each([&](const logboom::Event& event) {
      events_.push_back({id_, tag, event.time, bytes_of(event.record.value())});
    });
    if (writes_ != nullptr) write(delivery.batch);
    delivery.receipts.confirm();
  }
  void refuse(Delivery delivery) override { delivery.receipts.confirm(); }
  void set_on_space(std::function<void()>) override {}
  void start() override {}
  void drain(std::function<void()> done) override { done(); }
  Stopped stop(std::chrono::steady_clock::time_point) override { return Stopped::clean; }
  OutputTotals totals() const override { return {}; }

 private:
  void write(const BatchPtr& batch) {
    Chunk chunk;
    chunk.batches.push_back(batch);
    chunk.events = batch->events();
    chunk.bytes = batch->bytes();
    const WriteResult result = writes_->write(chunk);
    if (result.status != WriteResult::Status::done) throw std::runtime_error(cat(id_, ": ", result.reason));
  }

  std::vector<Event>& events_;
  std::string id_;
  ChunkOutput* writes_ = nullptr;
};

void Rehearsal::Now::run() {
  while (!tasks.empty()) {
    const auto task = std::move(tasks.front());
    tasks.pop_front();
    task();
  }
}

Rehearsal::Rehearsal(const Element& root, const SystemSettings& system, const Registry& registry)
    : pipeline_(std::make_shared<Pipeline>(
          root, Pipeline::Context{registry, log_, metrics_, system, 1, [](const SourcePos&, const std::string&) {}})) {
  pipeline_->replace_sinks([this](const OutputNode& node) { return std::make_unique<Recorder>(events_, node); });
  dispatcher_ = std::make_unique<Dispatcher>(pipeline_, executor_);
  dispatcher_->set_on_lost([this](const char* end, const EventBatch& batch) { note_lost(end, batch); });
}

Rehearsal::~Rehearsal() = default;

const std::string& Rehearsal::label_of(std::string_view source) const {
  for (const auto& input : pipeline_->inputs()) {
    if (input->id == source) return input->label;
  }
  throw std::invalid_argument(cat("there is no source '", source, "'"));
}

const std::shared_ptr<InputNode>& Rehearsal::entry(const std::string& label) {
  std::shared_ptr<InputNode>& entry = entries_[label];
  if (entry) return entry;
  if (!pipeline_->router().has_label(label)) throw std::invalid_argument(cat("there is no <label ", label, ">"));
  entry = std::make_shared<InputNode>(metrics_.group());
  entry->label = label;
  return entry;
}

void Rehearsal::put(const std::string& label, std::string_view tag, const EventTime& time, std::string_view record) {
  const std::shared_ptr<Emitter> emitter = dispatcher_->emitter(entry(label));
  auto batch = std::make_unique<EventBatch>(emitter->tag(tag));
  const Span span = writer_.write(time, record);
  batch->add(span, writer_.slab());
  const Event event{{}, std::string(tag), time, std::string(record)};
  put_ = &event;
  ends_.clear();
  emitter->emit({BatchPtr(std::move(batch)), {}}, flow_);
  executor_.run();
  put_ = nullptr;
}

void Rehearsal::note_lost(const char* end, const EventBatch& batch) {
  if (put_ == nullptr) {
    const std::string tag(batch.tag().text());
    batch.for_each([&](const logboom::Event& event) {
      events_.push_back({end, tag, event.time, bytes_of(event.record.value())});
    });
  } else if (ends_.insert(end).second) {
    events_.push_back(*put_);
    events_.back().to = end;
  }
}

void Rehearsal::finish() {
  dispatcher_->finish(Dispatcher::Clock::now());
  executor_.run();
}

}  // namespace logboom
