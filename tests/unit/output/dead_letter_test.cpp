#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include <logboom/testing.hpp>

#include "output/dead_letter_file.hpp"
#include "output/dead_letter_store.hpp"

namespace logboom {
namespace {

namespace fs = std::filesystem;

/// A batch of entries [n, {"n": n}], or with a text of so many bytes beside.
BatchPtr batch(std::string_view tag, int first, int count, std::size_t padding = 0) {
  OutBuffer bytes;
  msgpack::Writer writer(bytes);
  for (int n = first; n < first + count; ++n) {
    writer.array(2);
    writer.integer(n);
    writer.map(padding == 0 ? 1 : 2);
    writer.string("n");
    writer.integer(n);
    if (padding == 0) continue;
    writer.string("p");
    writer.string(std::string(padding, 'x'));
  }
  const SlabPtr slab(Slab::make(bytes.size()));
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  auto made = std::make_unique<EventBatch>(Tag::make(tag));
  made->add({slab->data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(count)}, slab);
  return BatchPtr(std::move(made));
}

Chunk chunk(const std::string& id, std::vector<BatchPtr> batches) {
  Chunk made;
  made.id = id;
  made.batches = std::move(batches);
  for (const BatchPtr& each : made.batches) {
    made.events += each->events();
    made.bytes += each->bytes();
  }
  made.attempts = 3;
  return made;
}

std::string content(const std::vector<BatchPtr>& batches) {
  std::string out;
  for (const BatchPtr& each : batches) {
    out += cat(each->tag().text(), ":");
    each->for_each([&out](const Event& event) {
      std::int64_t n = 0;
      event.record.find("n").to_int(n);
      out += cat(" ", event.time.sec, "/", n);
    });
    out += "; ";
  }
  return out;
}

class DeadLetters : public ::testing::Test {
 protected:
  DeadLetters() { fs::create_directories(root); }
  ~DeadLetters() override { fs::remove_all(root); }

  std::vector<DeadLetter> list() {
    return list_dead_letters(root, [this](const std::string&, const std::string& why) { damage.push_back(why); });
  }
  std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  const std::string root = fs::temp_directory_path() / cat("dead_letters_test.", ::getpid());
  testing::RecordingLog log;
  std::vector<std::string> damage;
};

TEST_F(DeadLetters, keep_every_event_with_its_tag_and_why) {
  DeadLetterStore store(root, 1 << 20, log);
  const std::string odd_tag("\xff\n\0x", 4);
  ASSERT_TRUE(
      store.store("es/main ../x", chunk("00ab", {batch("a", 1, 2), batch(odd_tag, 7, 1)}), "refused: bad index"));
  const std::vector<DeadLetter> letters = list();
  ASSERT_EQ(letters.size(), 1u);
  const DeadLetter& letter = letters[0];
  EXPECT_EQ(letter.output, "es/main ../x");
  EXPECT_EQ(fs::path(letter.path).parent_path().parent_path(), fs::path(dead_letters_folder(root)));
  EXPECT_THAT(letter.tags, ::testing::ElementsAre("a", odd_tag));
  EXPECT_EQ(letter.reason, "refused");
  EXPECT_EQ(letter.detail, "refused: bad index");
  EXPECT_EQ(letter.attempts, 4u);
  EXPECT_EQ(letter.events, 3u);
  EXPECT_EQ(content(read_dead_letter_batches(letter.path)), cat("a: 1/1 2/2; ", odd_tag, ": 7/7; "));
}

TEST_F(DeadLetters, of_a_chunk_that_comes_again_are_there_once) {
  DeadLetterStore store(root, 1 << 20, log);
  EXPECT_TRUE(store.store("o", chunk("01", {batch("a", 1, 2)}), "refused: x"));
  EXPECT_TRUE(store.store("o", chunk("01", {batch("a", 1, 2)}), "given up after 4 attempts: y"));
  ASSERT_EQ(list().size(), 1u);
  EXPECT_EQ(list()[0].reason, "retry_limit");
}

TEST_F(DeadLetters, of_a_large_chunk_are_several_and_all_of_them_or_none_are_there) {
  std::vector<BatchPtr> batches;
  for (int n = 0; n < 3000; n += 100) batches.push_back(batch(n % 200 == 0 ? "a" : "b", n, 100, 10'000));
  const Chunk large = chunk(std::string(32, '7'), batches);
  ASSERT_GT(large.bytes, 3 * large_letter);
  DeadLetterStore store(root, 1 << 30, log);
  struct Ends : ChunkSource {
    explicit Ends(const Chunk& all) : chunk(all) {}
    void read(const Visit& visit) const override {
      for (std::size_t i = 0; i + 1 < chunk.batches.size(); ++i) visit(chunk.batches[i]);
      throw ChunkUnreadable("a bad disk");
    }
    const Chunk& chunk;
  };
  const Ends source(large);
  Chunk unreadable = chunk(large.id, {});
  unreadable.source = &source;
  EXPECT_THROW(store.store("o", unreadable, "refused: x"), ChunkUnreadable);
  EXPECT_TRUE(fs::is_empty(dead_letters_folder(root, "o")));

  ASSERT_TRUE(store.store("o", large, "refused: x"));
  std::map<std::string, DeadLetter> letters;
  for (const DeadLetter& letter : list()) letters[letter.id] = letter;
  ASSERT_EQ(letters.size(), (large.bytes + large_letter - 1) / large_letter);
  std::string all;
  std::uint64_t events = 0;
  for (const auto& [id, letter] : letters) {
    EXPECT_EQ(id.substr(0, 32), large.id);
    EXPECT_LT(letter.bytes, large_letter + batches.back()->bytes());
    EXPECT_EQ(letter.attempts, 4u);
    events += letter.events;
    all += content(read_dead_letter_batches(letter.path));
  }
  EXPECT_EQ(events, 3000u);
  EXPECT_EQ(all, content(batches));
}

TEST_F(DeadLetters, of_a_large_batch_are_several) {
  const BatchPtr large = batch("a", 0, 3000, 10'000);
  DeadLetterStore store(root, 1 << 30, log);
  ASSERT_TRUE(store.store("o", chunk(std::string(32, '7'), {batch("b", 0, 1), large, batch("b", 1, 1)}), "refused: x"));
  std::map<std::string, DeadLetter> letters;
  for (const DeadLetter& letter : list()) letters[letter.id] = letter;
  ASSERT_EQ(letters.size(), 4u);
  std::vector<std::int64_t> numbers;
  for (const auto& [id, letter] : letters) {
    EXPECT_LE(letter.bytes, large_letter + 20'000);
    for (const BatchPtr& each : read_dead_letter_batches(letter.path)) {
      if (each->tag().text() == "a") each->for_each([&](const Event& event) { numbers.push_back(event.time.sec); });
    }
  }
  ASSERT_EQ(numbers.size(), 3000u);
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_EQ(numbers.back(), 2999);
}

TEST_F(DeadLetters, give_each_batch_its_own_memory) {
  DeadLetterStore store(root, 1 << 30, log);
  ASSERT_TRUE(store.store("o", chunk("01", {batch("a", 0, 100, 1000), batch("b", 0, 200, 1000)}), "refused: x"));
  for (const BatchPtr& each : read_dead_letter_batches(list().at(0).path)) {
    ASSERT_EQ(each->slabs().size(), 1u);
    EXPECT_EQ(each->slabs()[0]->capacity(), each->bytes());
  }
}

TEST_F(DeadLetters, count_with_what_they_take_up_on_a_disk) {
  constexpr std::uint64_t limit = 5 * 4096 + 100;
  const auto fill = [](DeadLetterStore& store, const std::string& prefix) {
    for (int n = 0; n < 100; ++n) static_cast<void>(store.store("o", chunk(cat(prefix, n), {batch("a", 1, 1)}), "x"));
  };
  DeadLetterStore store(root, limit, log);
  fill(store, "first");
  EXPECT_EQ(list().size(), 5u);
  DeadLetterStore next(root, limit, log);
  fill(next, "second");
  EXPECT_EQ(list().size(), 5u);
}

TEST_F(DeadLetters, that_have_no_room_for_all_of_a_chunk_leave_nothing_and_take_none) {
  std::vector<BatchPtr> batches;
  for (int n = 0; n < 2000; ++n) batches.push_back(batch(std::string(100, 'a') + std::to_string(n), n, 1));
  const Chunk wordy = chunk("01", batches);
  DeadLetterStore store(root, wordy.bytes * 2, log);
  EXPECT_FALSE(store.store("o", wordy, "refused: x")) << "the tags are a part of it";
  EXPECT_TRUE(list().empty());
  EXPECT_TRUE(store.store("o", chunk("02", {batch("a", 1, 1)}), "refused: x"));
}

TEST_F(DeadLetters, take_up_no_more_than_their_limit_until_some_are_removed) {
  const Chunk one = chunk("01", {batch("a", 1, 1000)});
  DeadLetterStore store(root, one.bytes * 3 / 2, log);
  EXPECT_TRUE(store.store("o", one, "refused: x"));
  EXPECT_FALSE(store.store("o", chunk("02", {batch("a", 1, 1000)}), "refused: x"));
  EXPECT_EQ(list().size(), 1u);
  remove_dead_letter(list()[0].path);
  EXPECT_TRUE(store.store("o", chunk("02", {batch("a", 1, 1000)}), "refused: x"));
}

TEST_F(DeadLetters, that_are_cut_or_changed_anywhere_are_refused) {
  DeadLetterStore store(root, 1 << 20, log);
  ASSERT_TRUE(store.store("o", chunk("01", {batch("a", 1, 3)}), "refused: x"));
  const std::string path = list()[0].path;
  const std::string whole = bytes_of(path);
  const auto is_refused = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    try {
      static_cast<void>(read_dead_letter_batches(path));
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  };
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_TRUE(is_refused(whole.substr(0, size))) << size;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    EXPECT_TRUE(is_refused(changed)) << at;
  }
  EXPECT_FALSE(is_refused(whole));
}

TEST_F(DeadLetters, that_could_not_be_written_whole_leave_nothing) {
  fs::create_directories(dead_letters_folder(root));
  std::ofstream(dead_letters_folder(root, "o")) << "a file where a folder should be";
  DeadLetterStore store(root, 1 << 20, log);
  EXPECT_FALSE(store.store("o", chunk("01", {batch("a", 1, 3)}), "refused: x"));
  EXPECT_TRUE(list().empty());
  EXPECT_TRUE(damage.empty());
}

TEST_F(DeadLetters, are_claimed_by_one_at_a_time) {
  DeadLetterStore store(root, 1 << 20, log);
  EXPECT_TRUE(store.claim("x"));
  EXPECT_FALSE(store.claim("x"));
  store.release("x");
  EXPECT_TRUE(store.claim("x"));
}

}  // namespace
}  // namespace logboom
