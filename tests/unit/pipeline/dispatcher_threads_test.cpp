#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "net/worker.hpp"
#include "pipeline/pipeline_test_support.hpp"

namespace logboom::plugins {

PluginInfo buf_memory();

}  // namespace logboom::plugins

namespace logboom::pipeline_test {
namespace {

using namespace std::chrono_literals;

constexpr int flows = 6;
constexpr int events_of_each = 3'000;

/// Writes slowly enough for its small buffer to be full most of the time; one flush thread.
class SlowOutput final : public ChunkOutput {
 public:
  WriteResult write(const Chunk& chunk) override {
    chunk.for_each([this](std::string_view tag, const Event& event) {
      std::int64_t n = -1;
      event.record.find("n").to_int(n);
      std::int64_t& next = next_of[std::string(tag)];
      out_of_order += n != next;
      next = n + 1;
      ++written;
    });
    std::this_thread::sleep_for(200us);
    return {};
  }
  std::map<std::string, std::int64_t> next_of;
  std::atomic<int> out_of_order{0};
  std::atomic<int> written{0};
};

struct Confirmed final : Receipt::Target {
  Confirmed(std::atomic<int>& ok, std::atomic<int>& bad) : good(ok), failed(bad) {}
  void settled(bool confirmed) noexcept override { ++(confirmed ? good : failed); }
  std::atomic<int>& good;
  std::atomic<int>& failed;
};

/// Sends numbered events until it is held, and from there on when it may. On its worker's thread.
struct Sender final : Flow {
  void hold() override {
    held = true;
    ++holds;
  }
  void go_on() override {
    held = false;
    send();
  }
  void send() {
    while (!held && next < events_of_each) send_one();
  }
  void send_one() {
    OutBuffer bytes;
    msgpack::Writer writer(bytes);
    writer.array(2);
    writer.integer(1700000000);
    writer.map(2);
    writer.string("n");
    writer.integer(next++);
    writer.string("p");
    writer.string(std::string(200, 'p'));
    const SlabPtr slab(Slab::make(bytes.size()));
    std::memcpy(slab->data(), bytes.data(), bytes.size());
    auto batch = std::make_unique<EventBatch>(emitter->tag(tag));
    batch->add({slab->data(), static_cast<std::uint32_t>(bytes.size()), 1}, slab);
    Delivery delivery{BatchPtr(std::move(batch)), {}};
    delivery.receipts.add(Receipt(new Confirmed(*good, *failed)));
    emitter->emit(std::move(delivery), *this);
  }
  std::shared_ptr<Emitter> emitter;
  std::string tag;
  std::atomic<int>* good = nullptr;
  std::atomic<int>* failed = nullptr;
  int next = 0;
  bool held = false;
  std::atomic<int> holds{0};
};

TEST(DispatcherThreads, of_several_workers_with_small_buffers_lose_nothing_and_never_stand_still) {
  Toys toys;
  std::map<std::string, SlowOutput*> outputs;
  std::vector<PluginInfo> plugins = toy_plugins(toys);
  std::erase_if(plugins, [](const PluginInfo& info) { return info.kind == PluginKind::buffer; });
  plugins.push_back(logboom::plugins::buf_memory());
  PluginInfo slow;
  slow.kind = PluginKind::output;
  slow.name = "slow";
  slow.schema = [] { return Schema(); };
  slow.make = [&](const Element&, BuildContext& context) {
    auto output = std::make_unique<SlowOutput>();
    outputs[context.id()] = output.get();
    return output;
  };
  plugins.push_back(slow);
  const Registry registry(std::move(plugins));
  testing::RecordingLog log;
  MetricsRegistry metrics;
  const auto buffer = [](std::string_view limit) {
    return cat("<buffer>\n flush_mode immediate\n chunk_limit_size 2k\n total_limit_size ", limit, "\n</buffer>\n");
  };
  const Element root =
      parse_text(cat("<source>\n @type toy\n</source>\n<match both.**>\n @type copy\n<store>\n @type slow\n @id a\n",
                     buffer("8k"), "</store>\n<store>\n @type slow\n @id b\n", buffer("6k"),
                     "</store>\n</match>\n<match **>\n @type relabel\n @label @B\n</match>\n"
                     "<label @B>\n<match **>\n @type slow\n @id c\n",
                     buffer("8k"), "</match>\n</label>\n"),
                 "t.conf", ".", {});
  net::Worker one(0, log), two(1, log);
  const auto made = std::make_shared<Pipeline>(
      root, Pipeline::Context{registry, log, metrics, {}, 1, [](const SourcePos&, const std::string&) {}});
  Pipeline& pipeline = *made;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers;
  std::vector<net::Worker*> workers{&one, &two};
  for (net::Worker* worker : workers) {
    dispatchers.push_back(std::make_unique<Dispatcher>(made, *worker));
    worker->start();
  }
  for (const auto& output : pipeline.outputs()) {
    if (output->sink)
      output->sink->set_on_space([&] {
        for (auto& dispatcher : dispatchers) dispatcher->space();
      });
  }
  pipeline.start_outputs();
  std::atomic<int> good{0}, failed{0};
  std::vector<std::unique_ptr<Sender>> senders;
  for (std::size_t i = 0; i < flows; ++i) {
    senders.push_back(std::make_unique<Sender>());
    Sender& sender = *senders.back();
    sender.tag = cat(i % 3 == 2 ? "alone." : "both.", i);
    sender.good = &good;
    sender.failed = &failed;
    workers[i % 2]->post([&, i] {
      sender.emitter = dispatchers[i % 2]->emitter(pipeline.inputs().front());
      sender.send();
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (good != flows * events_of_each && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  EXPECT_EQ(good, flows * events_of_each);
  for (net::Worker* worker : workers) worker->stop_and_join();
  for (const auto& output : pipeline.outputs()) {
    if (!output->sink) continue;
    EXPECT_EQ(output->sink->stop(std::chrono::steady_clock::now() + 20s), Stopped::clean);
  }
  for (auto& sender : senders) sender->emitter.reset();
  EXPECT_EQ(failed, 0);
  EXPECT_GT(senders.front()->holds, 0);
  EXPECT_EQ(outputs.at("a")->written, 4 * events_of_each);
  EXPECT_EQ(outputs.at("b")->written, 4 * events_of_each);
  EXPECT_EQ(outputs.at("c")->written, 2 * events_of_each);
  for (const auto& [id, output] : outputs) EXPECT_EQ(output->out_of_order, 0) << id;
  EXPECT_EQ(pipeline.counters().parked.value(), 0);
}

}  // namespace
}  // namespace logboom::pipeline_test
