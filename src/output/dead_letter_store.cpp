#include "output/dead_letter_store.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>

#include "output/dead_letter_file.hpp"

namespace logboom {

namespace {

namespace fs = std::filesystem;

std::int64_t now_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

/// What outputs say begins with "refused: " or "invalid: ", or tells of attempts.
std::string word_of(std::string_view reason) {
  for (const std::string_view word : {"refused", "invalid"}) {
    if (reason.starts_with(word)) return std::string(word);
  }
  return "retry_limit";
}

DeadLetter letter_of(const std::string& output_id, const Chunk& chunk, std::string_view reason) {
  const std::int64_t now = now_ms();
  DeadLetter letter;
  letter.id = chunk.id;
  letter.output = output_id;
  letter.reason = word_of(reason);
  letter.detail = reason.substr(0, 4096);
  letter.attempts = chunk.attempts + 1;
  letter.time = now;
  if (chunk.failing_since) {
    const auto ago = std::chrono::steady_clock::now() - *chunk.failing_since;
    letter.failing_since = now - std::chrono::duration_cast<std::chrono::milliseconds>(ago).count();
  }
  return letter;
}

}  // namespace

DeadLetterStore::DeadLetterStore(std::string root_dir, std::uint64_t limit, Log& log)
    : root_dir_(std::move(root_dir)), limit_(limit), log_(log), used_(measure()) {}

std::uint64_t DeadLetterStore::measure() const {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dead_letters_folder(root_dir_), error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    const std::uint64_t size = it->is_regular_file(ignored) ? it->file_size(ignored) : 0;
    if (!ignored) sum += room_of_letter(size);
  }
  return sum;
}

/// Commands remove files without a word, so that it takes a look at the folder to say no.
bool DeadLetterStore::fits(std::uint64_t bytes) {
  if (used_ + bytes > limit_) used_ = measure();
  return used_ + bytes <= limit_;
}

bool DeadLetterStore::has_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  return fits(bytes);
}

bool DeadLetterStore::take_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!fits(bytes)) return false;
  used_ += bytes;
  return true;
}

void DeadLetterStore::give_back(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  used_ -= std::min(used_, bytes);
}

bool DeadLetterStore::store(const std::string& output_id, const Chunk& chunk, std::string_view reason) {
  std::uint64_t taken = 0;
  const auto take = [this, &taken](std::uint64_t bytes) {
    const bool fits = take_room(bytes);
    if (fits) taken += bytes;
    return fits;
  };
  try {
    // Nothing is written of a chunk that is too large anyway.
    if (!has_room(chunk.bytes)) throw NoRoomForLetter("there is no room");
    write_dead_letters(root_dir_, letter_of(output_id, chunk, reason), chunk, take);
    return true;
  } catch (const ChunkUnreadable&) {
    give_back(taken);
    throw;
  } catch (const std::exception& error) {
    give_back(taken);
    complain(error);
    return false;
  }
}

void DeadLetterStore::complain(const std::exception& error) {
  std::uint64_t suppressed = 0;
  if (!failures_.due(suppressed)) return;
  if (dynamic_cast<const NoRoomForLetter*>(&error) == nullptr) {
    log_.error(cat("a dead letter can't be kept: ", std::string_view(error.what())));
  } else {
    log_.error(cat("no room for dead letters: ", limit_, " bytes are the limit (dead_letters_limit_size in <system>)"));
  }
}

bool DeadLetterStore::claim(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return claimed_.insert(path).second;
}

void DeadLetterStore::release(const std::string& path) {
  const std::lock_guard lock(mutex_);
  claimed_.erase(path);
}

void DeadLetterStore::keep(const std::string& path) {
  try {
    touch_dead_letter(path);
  } catch (const std::exception& error) {
    // It stays claimed: a buffer would take what is sent again for what it has seen.
    return log_.error(error.what());
  }
  release(path);
}

void DeadLetterStore::remove(const std::string& path) {
  try {
    remove_dead_letter(path);
  } catch (const std::exception& error) {
    log_.error(error.what());
  }
  release(path);
}

}  // namespace logboom
