#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

#include "concat_test_support.hpp"

// Random sequences against a simple model: nothing is lost, nothing comes twice, the order is kept, the counts balance.
namespace logboom::concat_test {
namespace {

using Streams = std::map<std::string, std::vector<std::string>>;  // what comes out under each tag, texts as they are

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<unsigned>(n)); }

 private:
  std::mt19937 engine_;
};

void collect(const std::vector<Row>& rows, Streams& out) {
  const std::vector<std::string> texts = logs(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) out[rows[i].tag].push_back(texts[i]);
}

/// What lines become: S begins, E ends, a blank continues, anything else stands by itself.
class LineModel {
 public:
  void line(const std::string& tag, const std::string& text) {
    std::string& held = held_[tag];
    if (text[0] == 'S') end(tag);
    if (text[0] == 'S' || text[0] == 'E' || (text[0] == ' ' && !held.empty())) {
      held += held.empty() ? text : "\n" + text;
      if (text[0] == 'E') end(tag);
      return;
    }
    end(tag);
    out[tag].push_back(text);
  }
  void end(const std::string& tag) {
    if (!held_[tag].empty()) out[tag].push_back(std::exchange(held_[tag], {}));
  }
  void end_all() {
    for (const auto& [tag, held] : held_) end(tag);
  }
  Streams out;

 private:
  std::map<std::string, std::string> held_;
};

TEST(ConcatRandom, lines_come_out_as_a_simple_model_says) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    FilterDriver concat = driver({{"multiline_start_regexp", "/^S/"},
                                  {"multiline_end_regexp", "/^E/"},
                                  {"continuous_line_regexp", "/^ /"},
                                  {"timeout_label", "@LATE"}});
    LineModel model;
    Streams out;
    for (int i = 0; i < 400; ++i) {
      if (random.below(50) == 0) {
        collect(concat.expire(Clock::now() + std::chrono::hours(1)), out);
        model.end_all();
        continue;
      }
      const std::string tag(1, static_cast<char>('a' + random.below(4)));
      testing::BatchOf batch(tag);
      for (int n = random.below(4); n >= 0; --n) {
        const std::string text =
            cat(std::string_view("S E x").substr(static_cast<std::size_t>(random.below(5)), 1), i, "-", n);
        batch.json(event(text));
        model.line(tag, text);
      }
      collect(concat.send(batch.make()), out);
    }
    collect(concat.flush(), out);
    model.end_all();
    ASSERT_EQ(out, model.out) << "seed " << seed;
    ASSERT_EQ(concat.outcome().held, 0u);
    ASSERT_TRUE(concat.outcome().failed.empty() && concat.outcome().dropped.empty());
  }
}

/// The fragments "<line.ordinal>" of some lines of 1 to 8 fragments, each line's in order but for a few that are
/// swapped, sent twice, or lost.
struct Sent {
  int line = 0;
  int ordinal = 0;
  bool last = false;
};
std::vector<Sent> fragments(Random& random, bool harmed) {
  std::vector<std::vector<Sent>> lines(30);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int count = 1 + random.below(8);
    for (int ordinal = 1; ordinal <= count; ++ordinal) {
      if (harmed && random.below(10) == 0) continue;
      lines[i].push_back({static_cast<int>(i), ordinal, ordinal == count});
      if (harmed && ordinal != count && random.below(8) == 0) lines[i].push_back(lines[i].back());
    }
    if (lines[i].size() > 2 && random.below(2) == 0) std::swap(lines[i][0], lines[i][1]);
  }
  std::vector<Sent> all;
  std::vector<std::size_t> at(lines.size());
  for (std::size_t open = 0; open < lines.size();) {
    const std::size_t i =
        open + static_cast<std::size_t>(random.below(static_cast<int>(std::min<std::size_t>(4, lines.size() - open))));
    if (at[i] < lines[i].size()) all.push_back(lines[i][at[i]++]);
    while (open < lines.size() && at[open] == lines[open].size()) ++open;
  }
  return all;
}

TEST(ConcatRandom, fragments_come_out_once_and_in_order_whatever_happens_to_them) {
  for (unsigned seed = 0; seed < 120; ++seed) {
    Random random(seed);
    const bool harmed = seed % 2 != 0;
    const bool tight = seed % 3 == 2;
    FilterDriver concat = driver({{"use_partial_metadata", "true"},
                                  {"max_streams", tight ? "2" : "1000"},
                                  {"max_event_size", tight ? "24" : "1m"}});
    std::multiset<std::string> sent;
    std::vector<std::string> out;
    const auto take = [&](const std::vector<Row>& rows) {
      for (std::string& text : logs(rows)) out.push_back(std::move(text));
    };
    for (const Sent& f : fragments(random, harmed)) {
      const std::string text = cat("<", f.line, ".", f.ordinal, ">");
      const std::uint64_t repeated =
          static_cast<std::uint64_t>(metric(concat, "logboom_concat_repeated_fragments_total"));
      take(concat.send("t", cat(R"({"log":")", text, R"(","partial_message":"true","partial_id":")", f.line,
                                R"(","partial_ordinal":")", f.ordinal, R"(","partial_last":")",
                                f.last ? "true" : "false", R"("})")));
      if (static_cast<std::uint64_t>(metric(concat, "logboom_concat_repeated_fragments_total")) == repeated)
        sent.insert(text);
      if (random.below(40) == 0) take(concat.expire(concat.plugin().holder()->next_expiry(0).value_or(Clock::now())));
    }
    take(concat.flush());
    std::multiset<std::string> came;
    for (const std::string& text : out) {
      int last_ordinal = 0;
      std::string line;
      for (std::size_t at = 0; at < text.size();) {
        const std::string one = text.substr(at, text.find('>', at) + 1 - at);
        came.insert(one);
        at += one.size();
        const std::size_t dot = one.find('.');
        if (line.empty()) line = one.substr(0, dot);
        EXPECT_EQ(one.substr(0, dot), line) << text;
        const int ordinal = std::stoi(one.substr(dot + 1));
        EXPECT_GT(ordinal, last_ordinal) << text;
        last_ordinal = ordinal;
      }
    }
    ASSERT_EQ(came, sent) << "seed " << seed;
    ASSERT_EQ(concat.outcome().held, 0u);
    ASSERT_EQ(metric(concat, "logboom_concat_held_bytes"), 0);
    if (!harmed && !tight) {
      EXPECT_LE(out.size(), 60u) << "most lines are whole";
    }
  }
}

}  // namespace
}  // namespace logboom::concat_test
