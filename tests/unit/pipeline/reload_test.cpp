#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/worker.hpp"
#include "pipeline/identity.hpp"
#include "pipeline/pipeline_test_support.hpp"

namespace logboom::pipeline_test {
namespace {

using namespace std::chrono_literals;

const std::string source = "<source>\n @type toy\n</source>\n";
std::string match(std::string_view pattern, std::string_view id, std::string_view more = "") {
  return cat("<match ", pattern, ">\n @type toy\n @id ", id, "\n", more, "</match>\n");
}
const std::string pairs = "<filter **>\n @type pairs\n @id p\n</filter>\n";
std::string label(std::string_view name, std::string_view body) {
  return cat("<label ", name, ">\n", body, "</label>\n");
}
std::string source_to(std::string_view name) {
  return cat("<source>\n @type toy\n @id in\n @label ", name, "\n</source>\n");
}
const OutputNode* output(const Bench& bench, std::string_view id) {
  for (const auto& node : bench.pipeline->outputs()) {
    if (node->id == id) return node.get();
  }
  return nullptr;
}

TEST(Reload, keeps_the_plugins_that_say_the_same_wherever_they_stand) {
  Bench bench(source + match("a", "one") + match("b", "two"));
  const OutputNode* one = output(bench, "one");
  const OutputNode* two = output(bench, "two");
  const InputNode* input = &bench.input();
  bench.reload("\n# moved\n" + match("c.**", "two") + match("a", "one", " x 1\n") + source);
  EXPECT_EQ(output(bench, "two"), two) << "its pattern alone is another one";
  EXPECT_NE(output(bench, "one"), one);
  EXPECT_EQ(&bench.input(), input);
  bench.send("c.x", 1);
  EXPECT_EQ(bench.numbers("two"), "1");
  bench.expect_balance();
}

TEST(Reload, without_an_id_a_plugin_is_found_by_what_it_says_and_two_alike_stay_two) {
  const std::string alike = "<match a>\n @type null\n</match>\n<match b>\n @type null\n</match>\n";
  Bench bench(source + alike);
  std::set<const OutputNode*> before, after;
  for (const auto& node : bench.pipeline->outputs()) before.insert(node.get());
  bench.reload("\n\n" + source + alike);
  for (const auto& node : bench.pipeline->outputs()) after.insert(node.get());
  EXPECT_EQ(before, after);
  EXPECT_EQ(after.size(), 2u);
}

TEST(Reload, an_output_and_a_store_that_say_the_same_never_become_one) {
  const std::string alone = "<match a>\n @type null\n</match>\n";
  const auto copy = [](std::string_view pattern) {
    return cat("<match ", pattern, ">\n @type copy\n<store>\n @type null\n</store>\n</match>\n");
  };
  const std::string both = "<match c>\n @type copy\n<store>\n @type null\n</store>\n" +
                           std::string("<store>\n @type null\n</store>\n</match>\n");
  const std::vector<std::string> all{copy("b") + alone, alone + copy("b"), copy("b"), alone,
                                     both + alone,      alone + both};
  for (const std::string& before : all) {
    for (const std::string& after : all) {
      Bench bench(source + before);
      const std::size_t sinks = [&] { return Bench(source + after).pipeline->outputs().size(); }();
      bench.reload(source + after);
      std::set<const OutputNode*> nodes;
      std::set<std::string> ids;
      for (const auto& node : bench.pipeline->outputs()) {
        nodes.insert(node.get());
        ids.insert(node->id);
      }
      EXPECT_EQ(nodes.size(), sinks) << before << "to\n" << after;
      EXPECT_EQ(ids.size(), sinks) << before << "to\n" << after;
      bench.send("a", 1);
      bench.send("b", 1);
      bench.expect_balance();
    }
  }
}

TEST(Reload, a_copy_and_its_store_stay_where_an_output_like_the_store_comes_before_it) {
  const std::string copy = "<match b>\n @type copy\n<store>\n @type null\n</store>\n</match>\n";
  const std::string alone = "<match a>\n @type null\n</match>\n";
  Bench bench(source + copy + alone);
  const std::vector<std::shared_ptr<OutputNode>> before = bench.pipeline->outputs();
  bench.reload(source + alone + copy);
  const auto& after = bench.pipeline->outputs();
  EXPECT_EQ(after, (std::vector{before[2], before[0], before[1]}));
}

TEST(Reload, an_output_that_becomes_a_store_stays) {
  Bench bench(source + "<match **>\n @type null\n</match>\n");
  const std::shared_ptr<OutputNode> before = bench.pipeline->outputs().front();
  bench.reload(source + "<match **>\n @type copy\n<store>\n @type null\n</store>\n</match>\n");
  EXPECT_EQ(bench.pipeline->outputs().front(), before);
}

TEST(Reload, new_plugins_without_an_id_get_a_name_that_nobody_has) {
  Bench bench(source + "<match a>\n @type null\n</match>\n");
  bench.reload("\n\n\n<match b>\n @type null\n @log_level debug\n</match>\n<match a>\n @type null\n</match>\n" +
               source);
  std::set<std::string> names;
  for (const auto& node : bench.pipeline->outputs()) names.insert(node->id);
  EXPECT_EQ(names.size(), 2u);
}

TEST(Reload, stores_stay_with_a_copy_that_stays_and_by_themselves_where_it_changed) {
  const auto copy = [](std::string_view more) {
    return cat("<match **>\n @type copy\n<store>\n @type toy\n @id a\n</store>\n", more, "</match>\n");
  };
  Bench bench(source + copy(""));
  const OutputNode* a = output(bench, "a");
  bench.reload(match("x", "first") + source + copy(""));
  EXPECT_EQ(output(bench, "a"), a);
  bench.send("t", 1);
  bench.reload(source + copy("<store>\n @type toy\n @id b\n</store>\n"));
  EXPECT_EQ(output(bench, "a"), a);
  bench.send("t", 2);
  EXPECT_EQ(bench.numbers("a"), "1 2");
  EXPECT_EQ(bench.numbers("b"), "2");
  bench.expect_balance();
}

TEST(Reload, a_wrong_configuration_changes_nothing) {
  Bench bench(source + match("**", "a"));
  bench.send("t", 1);
  EXPECT_THROW(bench.reload(source + match("**", "b") + match("**", "b")), ConfigError);
  EXPECT_THROW(bench.reload(source_to("@NONE") + match("**", "b")), ConfigError);
  bench.send("t", 2);
  EXPECT_EQ(bench.numbers("a"), "1 2");
  bench.metrics.visit([](const Metrics::Sample& sample) {
    for (const auto& [key, value] : sample.labels) EXPECT_NE(value, "b") << sample.name;
  });
  bench.expect_balance();
}

TEST(Reload, labels_that_kept_plugins_name_must_still_be_there) {
  const std::string relabel = "<match **>\n @type relabel\n @label @L\n</match>\n";
  Bench bench(source + relabel + label("@L", match("**", "a")));
  EXPECT_THROW(bench.reload(source + relabel), ConfigError);
}

TEST(Reload, tags_that_are_in_use_follow_the_new_rules) {
  Bench bench(source + match("t", "a"));
  const std::shared_ptr<Emitter> keep = bench.dispatcher->emitter(bench.input_node());
  const Tag tag = keep->tag("t");
  bench.send("t", 1);
  bench.reload(source + match("t", "b"));
  bench.send("t", 2);
  bench.reload(source + match("t", "a"));
  bench.send("t", 3);
  EXPECT_EQ(bench.numbers("a"), "1 3");
  EXPECT_EQ(bench.numbers("b"), "2");
  bench.expect_balance();
}

TEST(Reload, what_is_parked_goes_to_the_outputs_that_it_was_for_before_what_is_newer) {
  Bench bench(source + match("**", "old"), [](Toys& toys) { toys.sinks["old"].room = 0; });
  const std::weak_ptr<Pipeline> first = bench.pipeline;
  Outcomes outcomes;
  bench.send("t", 1, 2, outcomes.receipt(1));
  EXPECT_TRUE(bench.flow.held);
  bench.reload(source + match("**", "new"));
  bench.send("t", 3, 1, outcomes.receipt(2));
  EXPECT_EQ(bench.numbers("new"), "") << "behind what is parked of the same sender";
  EXPECT_FALSE(first.expired()) << "its sink is waited for";
  bench.make_room("old", 2);
  EXPECT_EQ(bench.numbers("old"), "1 2");
  EXPECT_EQ(bench.numbers("new"), "3");
  EXPECT_FALSE(bench.flow.held);
  EXPECT_TRUE(outcomes.settled.at(1) && outcomes.settled.at(2));
  EXPECT_TRUE(first.expired());
  bench.expect_balance();
}

TEST(Reload, a_filter_that_stays_keeps_what_it_holds) {
  Bench bench(source + pairs + match("**", "a"));
  bench.send("t", 1);
  bench.reload("\n" + source + pairs + match("**", "b"));
  bench.send("t", 2);
  EXPECT_EQ(bench.numbers("a"), "");
  EXPECT_EQ(bench.numbers("b"), "3");
  bench.expect_balance();
}

TEST(Reload, a_filter_that_goes_gives_out_what_it_holds_by_the_rules_that_it_came_under) {
  Bench bench(source + pairs + match("**", "a"));
  bench.send("t", 1);
  bench.reload(source + match("**", "b"));
  EXPECT_EQ(bench.numbers("a"), "1");
  bench.send("t", 2);
  EXPECT_EQ(bench.numbers("b"), "2");
  EXPECT_EQ(bench.pipeline->counters().held.value(), 0);
  bench.expect_balance();
}

TEST(Reload, what_filters_hold_over_a_reload_still_comes_out_in_time) {
  Bench bench(source + pairs + match("**", "a"));
  bench.send("t", 1);
  bench.reload(source + pairs + match("**", "b"));
  bench.run_posted();
  bench.run_later();
  EXPECT_EQ(bench.numbers("b"), "1");
  bench.expect_balance();
}

TEST(Reload, the_events_of_a_changed_input_go_into_its_heirs_label) {
  Bench bench(source_to("@A") + label("@A", match("**", "a")));
  const std::shared_ptr<InputNode> input = bench.input_node();
  const std::shared_ptr<Emitter> old = bench.dispatcher->emitter(input);
  EXPECT_EQ(old->standing(), Emitter::Standing::there);
  bench.reload(source_to("@B") + label("@B", match("**", "b")));
  EXPECT_EQ(old->standing(), Emitter::Standing::inherited);
  bench.reload(source_to("@C") + label("@C", match("**", "c")));
  EXPECT_EQ(old->standing(), Emitter::Standing::inherited);
  bench.send_by(*old, bench.flow, "t", 1);
  EXPECT_EQ(bench.numbers("c"), "1");
  bench.expect_balance();
}

TEST(Reload, the_events_of_a_removed_input_go_by_the_old_rules_until_it_ends) {
  Bench bench(source_to("@A") + label("@A", pairs + match("**", "a")));
  const std::weak_ptr<Pipeline> first = bench.pipeline;
  std::shared_ptr<InputNode> input = bench.input_node();
  const std::weak_ptr<InputNode> gone = input;
  std::shared_ptr<Emitter> old = bench.dispatcher->emitter(std::exchange(input, nullptr));
  bench.reload(source + match("**", "b"));
  EXPECT_EQ(old->standing(), Emitter::Standing::orphaned);
  bench.send_by(*old, bench.flow, "t", 1);
  EXPECT_FALSE(first.expired());
  old.reset();
  bench.run_posted();
  EXPECT_EQ(bench.numbers("a"), "1") << "the filter was given it after it had been flushed";
  EXPECT_TRUE(first.expired());
  EXPECT_TRUE(gone.expired());
  bench.expect_balance();
}

TEST(Reload, counters_of_removed_plugins_are_kept_in_sum) {
  Bench bench(source + match("**", "a"));
  bench.send("t", 1, 5);
  bench.reload(source + "<match **>\n @type null\n @id n\n</match>\n");
  bench.send("t", 6, 2);
  bench.reload(source + "<match **>\n @type null\n @id m\n</match>\n");
  bench.send("t", 8, 1);
  std::map<std::string, std::int64_t> delivered;
  std::int64_t received = 0;
  bench.metrics.visit([&](const Metrics::Sample& sample) {
    if (sample.name == "logboom_output_delivered_events_total") delivered[sample.labels.front().second] += sample.value;
    if (sample.name == "logboom_input_events_total") received += sample.value;
  });
  EXPECT_EQ(received, 8);
  EXPECT_EQ(delivered.at("m"), 1);
  EXPECT_EQ(delivered.at("retired"), 2);
}

TEST(Reload, nodes_that_nobody_uses_any_more_are_buried_once) {
  std::vector<std::string> buried;
  Toys toys;
  testing::RecordingLog log;
  MetricsRegistry metrics;
  const Registry registry(toy_plugins(toys));
  Pipeline::Context context{registry, log, metrics, {}, 1, [](const SourcePos&, const std::string&) {}};
  context.bury = [&buried](std::unique_ptr<Node> node) { buried.push_back(node->id); };
  const auto parse = [](const std::string& text) { return parse_text(text, "t.conf", ".", {}); };
  auto first = std::make_shared<Pipeline>(parse(source + match("a", "a") + match("b", "b")), context);
  auto second = std::make_shared<Pipeline>(parse(source + match("a", "a") + match("b", "c")), context, first.get());
  first.reset();
  EXPECT_EQ(buried, std::vector<std::string>{"b"});
  second.reset();
  EXPECT_EQ(buried.size(), 4u);
}

TEST(Identity, the_content_of_a_section_is_what_it_says_and_not_where) {
  const auto content = [](std::string_view text) {
    return content_of(parse_text(cat("<match x>\n", text, "</match>\n"), "t.conf", ".", {}).children.front());
  };
  EXPECT_EQ(content(" a 1\n b 2\n"), content("# c\n\n a   1\n b 2 # d\n"));
  EXPECT_NE(content(" a 1\n b 2\n"), content(" a 12\n b\n"));
  EXPECT_NE(content(" a 1\n"), content(" a 1\n<s>\n</s>\n"));
  EXPECT_NE(content("<s k>\n a 1\n</s>\n"), content("<s>\n a 1\n</s>\n"));
}

/// Sends numbered events for as long as it may. On its worker's thread.
struct Sender final : Flow {
  void hold() override { held = true; }
  void go_on() override {
    held = false;
    send();
  }
  void send() {
    while (!held && next < most && emitter) bench_send(next++);
    done = next == total;
  }
  void send_some(int count) {
    most = std::min(most + count, total);
    send();
  }
  std::function<void(int)> bench_send;
  std::shared_ptr<Emitter> emitter;
  int next = 0;
  int most = 0;
  int total = 0;
  bool held = false;
  std::atomic<bool> done{false};
};

/// Counts what it gets.
class CountingOutput final : public DirectOutput {
 public:
  explicit CountingOutput(std::atomic<int>& count) : count_(count) {}
  void consume(const EventBatch& batch) noexcept override { count_ += static_cast<int>(batch.events()); }

 private:
  std::atomic<int>& count_;
};

TEST(ReloadThreads, workers_that_swap_while_they_send_lose_nothing_and_free_every_pipeline) {
  constexpr int total = 20'000;
  std::atomic<int> delivered{0};
  std::atomic<int> buried{0};
  Toys toys;
  std::vector<PluginInfo> plugins = toy_plugins(toys);
  PluginInfo counting;
  counting.kind = PluginKind::output;
  counting.name = "counting";
  counting.schema = [] { return Schema(); };
  counting.make = [&](const Element&, BuildContext&) { return std::make_unique<CountingOutput>(delivered); };
  plugins.push_back(counting);
  const Registry registry(std::move(plugins));
  testing::RecordingLog log;
  MetricsRegistry metrics;
  Pipeline::Context context{registry, log, metrics, {}, 1, [](const SourcePos&, const std::string&) {}};
  context.bury = [&buried](std::unique_ptr<Node> node) {
    node.reset();
    ++buried;
  };
  const auto root = [](int n) {
    return parse_text(
        cat("<source>\n @type toy\n @id in\n n ", n % 3, "\n</source>\n<match kept>\n @type counting\n",
            "</match>\n<match **>\n @type copy\n<store>\n @type counting\n @id x\n n ", n, "\n</store>\n</match>\n"),
        "t.conf", ".", {});
  };
  net::Worker one(0, log), two(1, log);
  const std::vector<net::Worker*> workers{&one, &two};
  auto pipeline = std::make_shared<Pipeline>(root(0), context);
  std::vector<std::unique_ptr<Dispatcher>> dispatchers;
  std::vector<std::unique_ptr<Sender>> senders;
  for (net::Worker* worker : workers) {
    dispatchers.push_back(std::make_unique<Dispatcher>(pipeline, *worker));
    worker->start();
    Sender& sender = *senders.emplace_back(std::make_unique<Sender>());
    sender.total = total;
    Dispatcher& dispatcher = *dispatchers.back();
    worker->post([&sender, &dispatcher, input = pipeline->inputs().front()] {
      sender.emitter = dispatcher.emitter(input);
      sender.bench_send = [&sender](int n) { Bench::emit(*sender.emitter, sender, n % 2 == 0 ? "kept" : "t", n); };
    });
  }
  for (int n = 1; n <= 200; ++n) {
    ++context.generation;
    const auto previous = std::exchange(pipeline, std::make_shared<Pipeline>(root(n), context, pipeline.get()));
    auto heirs = std::make_shared<Dispatcher::Heirs>();
    if (!pipeline->has(*previous->inputs().front()))
      heirs->emplace(previous->inputs().front().get(), pipeline->inputs().front());
    for (std::size_t i = 0; i < workers.size(); ++i) {
      workers[i]->post([&sender = *senders[i]] { sender.send_some(total / 200); });
      workers[i]->post([&d = *dispatchers[i], next = pipeline, heirs] { d.swap(next, *heirs); });
    }
    pipeline->replace(*previous);
  }
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!(senders[0]->done && senders[1]->done) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  for (net::Worker* worker : workers) worker->stop_and_join();
  for (auto& sender : senders) sender->emitter.reset();
  EXPECT_EQ(delivered, 2 * total);
  dispatchers.clear();
  std::int64_t counted = 0;
  metrics.visit([&counted](const Metrics::Sample& sample) {
    if (sample.name == "logboom_output_delivered_events_total") counted += sample.value;
  });
  EXPECT_EQ(counted, 2 * total);
  pipeline.reset();
  EXPECT_EQ(buried, 3 * 201 + 1) << "each input, copy and store; the output that stayed, once";
}

}  // namespace
}  // namespace logboom::pipeline_test
