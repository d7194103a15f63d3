#include "file_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <set>
#include <utility>

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// A file that nothing came for in this time is closed, so that the space of a deleted one is free.
constexpr auto close_after = 60s;
constexpr std::size_t max_names = 4096;
constexpr std::size_t many_targets = 8;
/// Text that is compressed, or goes into a new file, waits until there is so much of it.
constexpr std::size_t piece_size = 4 * 1024 * 1024;

void cut(const std::string& path, std::uint64_t size) noexcept {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || static_cast<std::uint64_t>(info.st_size) <= size) return;
  // What can't be cut is found when the chain is opened again.
  static_cast<void>(::truncate(path.c_str(), static_cast<off_t>(size)));
}

}  // namespace

Target& FileWriter::add(Target target) {
  while (targets_.size() >= max_open) {
    write(targets_.oldest());
    confirm(targets_.oldest());
    targets_.erase_oldest();
  }
  if (!spec_.complete_files) open(target);
  return targets_.add(std::move(target));
}

void FileWriter::begin(std::string_view chunk_id) {
  chunk_id_ = chunk_id;
  ++chunk_;
  journal_.clear();
  staged_.clear();
}

void FileWriter::put(Target& target) {
  const bool as_it_is = !spec_.complete_files && spec_.compression == Compression::text;
  if (as_it_is || target.text.size() >= piece_size) write(target);
}

void FileWriter::put_all() {
  targets_.for_each([this](Target& target) { write(target); });
}

void FileWriter::write(Target& target) {
  if (target.text.empty()) return;
  if (spec_.complete_files) {
    stage(target);
  } else {
    append(target);
  }
}

void FileWriter::finish() {
  put_all();
  targets_.for_each([this](Target& target) { confirm(target); });
  for (Staged& staged : staged_) name_staged(staged);
  for (const Staged& staged : staged_) link(staged.link, staged.path, staged.slice);
  staged_.clear();
  if (targets_.size() > many_targets) release_memory();
  close_unused();
}

/// The target's text as it goes into the file.
std::string_view FileWriter::packed(const Target& target) {
  if (spec_.compression == Compression::text) return target.text.text();
  compressed_.clear();
  compress(spec_.compression, target.text.text(), compressed_);
  return compressed_.text();
}

void FileWriter::append(Target& target) {
  const std::string_view text = packed(target);
  if (!target.fd) open(target);
  if (target.chunk != chunk_) open_journal(target);
  if (target.chain) chains_->announce(*target.chain, target.text.text(), text.size());
  write_all(target.fd.get(), text, target.path, journal_[target.journal].bytes);
  target.text.clear();
}

void FileWriter::open_journal(Target& target) {
  struct stat info = status_of(target.fd.get(), target.path);
  if (info.st_nlink == 0) {
    open(target);
    info = status_of(target.fd.get(), target.path);
  }
  const bool regular = S_ISREG(info.st_mode);
  if (chains_ && regular) info = follow_chain(target);
  journal_.push_back(
      {regular ? target.path : std::string(), info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size), 0});
  if (target.chain) {
    journal_.back().chain_path = target.chain->path;
    journal_.back().chain_start = target.chain->size;
  }
  target.journal = journal_.size() - 1;
  target.chunk = chunk_;
}

/// Sees to it that the chain is open, is there, and is about the file as it is now.
struct stat FileWriter::follow_chain(Target& target) {
  struct stat info = status_of(target.fd.get(), target.path);
  const bool right = target.chain && status_of(target.chain->fd.get(), target.chain->path).st_nlink > 0 &&
                     target.chain->builder.state().file_end == static_cast<std::uint64_t>(info.st_size);
  if (right) return info;
  target.chain.reset();
  target.chain = chains_->open(target.path, target.fd.get(), target.stream);
  return status_of(target.fd.get(), target.path);
}

/// The text of a chunk is in the file.
void FileWriter::confirm(Target& target) {
  if (!target.chain || target.chunk != chunk_) return;
  Written& written = journal_[target.journal];
  if (written.unconfirmed) return;
  written.unconfirmed = target.chain->size;
  chains_->confirm(*target.chain, target.path);
}

void FileWriter::end_line(Target& target) {
  const struct stat info = status_of(target.fd.get(), target.path);
  if (!spec_.lines || spec_.compression != Compression::text || !S_ISREG(info.st_mode) || info.st_size == 0) return;
  const Fd reader(::open(target.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  char last = '\n';
  if (!reader || ::pread(reader.get(), &last, 1, info.st_size - 1) != 1 || last == '\n') return;
  std::uint64_t written = 0;
  write_all(target.fd.get(), "\n", target.path, written);
}

void FileWriter::open(Target& target) {
  target.chain.reset();
  if (target.name.numbered()) {
    open_numbered(target);
  } else {
    target.path = target.name.path(0);
    target.fd = open_for_append(target.path, spec_.modes);
  }
  target.chunk = 0;
  end_line(target);
  link(target.link, target.path, target.slice);
}

void FileWriter::open_numbered(Target& target) {
  const std::string name = target.name.path(0);
  if (const auto known = numbered_.find(name); known != numbered_.end()) {
    target.path = known->second;
    target.fd = open_for_append(target.path, spec_.modes);
    return;
  }
  Fd fd;
  for (unsigned number = 0; !fd; ++number) {
    target.path = target.name.path(number);
    fd = create_new(target.path, spec_.modes);
  }
  target.fd = std::move(fd);
  remember_number(name, target.path);
}

void FileWriter::remember_number(const std::string& name, const std::string& path) {
  if (numbered_.size() >= max_names) {
    std::unordered_map<std::string, std::string> in_use;
    targets_.for_each([&](Target& target) {
      if (target.fd) in_use.emplace(target.name.path(0), target.path);
    });
    numbered_ = std::move(in_use);
  }
  numbered_[name] = path;
}

void FileWriter::begin_stage(Target& target) {
  const std::string path = target.name.path(0);
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  const std::string temporary = cat(directory, ".", chunk_id_, "-", staged_.size(), ".tmp");
  ::unlink(temporary.c_str());
  staged_.push_back({temporary, target.name, target.slice, target.link});
  Staged& staged = staged_.back();
  target.journal = staged_.size() - 1;
  target.chunk = chunk_;
  staged.fd = create_new(temporary, spec_.modes);
  if (!chains_) return;
  const std::string chain = temporary + std::string(integrity::chain_suffix);
  ::unlink(chain.c_str());
  staged.chain = chains_->create(chain, temporary, staged.fd.get(), target.stream);
}

void FileWriter::stage(Target& target) {
  if (target.chunk != chunk_) begin_stage(target);
  Staged& staged = staged_[target.journal];
  const std::string_view text = packed(target);
  if (!staged.fd) staged.fd = open_for_append(staged.temporary, spec_.modes);
  if (staged.chain) chains_->announce(*staged.chain, target.text.text(), text.size());
  std::uint64_t written = 0;
  write_all(staged.fd.get(), text, staged.temporary, written);
  if (target.text.size() < piece_size) staged.fd.reset();
  target.text.clear();
}

void FileWriter::name_staged(Staged& staged) {
  for (unsigned number = 0;; ++number) {
    const std::string path = staged.name.path(number);
    if (staged.chain) {
      // The chain has its name first: a file that has none yet is one that a crash took.
      const std::string chain = path + std::string(integrity::chain_suffix);
      if (!rename_if_free(staged.chain->path, chain, spec_.modes)) continue;
      staged.chain->path = chain;
    }
    if (!rename_if_free(staged.temporary, path, spec_.modes)) continue;
    staged.path = path;
    if (staged.chain) chains_->confirm(*staged.chain, path);
    return;
  }
}

bool FileWriter::take_back(const Written& written) {
  const Fd fd(::open(written.path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return false;
  if (info.st_dev != written.device || info.st_ino != written.inode) return false;
  // Somebody else may have written behind it.
  if (static_cast<std::uint64_t>(info.st_size) != written.start + written.bytes) return false;
  return ::ftruncate(fd.get(), static_cast<off_t>(written.start)) == 0;
}

/// False where bytes of the chunk stay in the file.
bool FileWriter::undo(const Written& written) {
  // What is confirmed must be in the file at every moment.
  if (written.unconfirmed) cut(written.chain_path, *written.unconfirmed);
  if (written.bytes != 0 && (written.path.empty() || !take_back(written))) return false;
  if (!written.chain_path.empty()) cut(written.chain_path, written.chain_start);
  return true;
}

/// False where somebody has taken the file that had its name already.
bool FileWriter::undo(const Staged& staged) {
  if (::unlink(staged.path.empty() ? staged.temporary.c_str() : staged.path.c_str()) != 0) return staged.path.empty();
  if (staged.chain) ::unlink(staged.chain->path.c_str());
  return true;
}

std::string FileWriter::roll_back() {
  std::string problem;
  std::set<std::string_view> kept;
  // Backwards: a file that was closed and opened again for the chunk has an entry for each time.
  for (auto written = journal_.rbegin(); written != journal_.rend(); ++written) {
    if (kept.contains(written->path) || undo(*written)) continue;
    kept.insert(written->path);
    problem = cat("a part of the chunk stays in ", written->path.empty() ? "what is no regular file" : written->path);
  }
  for (const Staged& staged : staged_) {
    if (!undo(staged)) problem = cat("a part of the chunk stays in what was ", staged.path);
  }
  if (chains_) chains_->forget();
  journal_.clear();
  staged_.clear();
  targets_.for_each([](Target& target) {
    target.text.clear();
    target.fd.reset();
    target.chain.reset();
  });
  return problem;
}

void FileWriter::close_files() noexcept {
  targets_.for_each([](Target& target) {
    target.fd.reset();
    target.chain.reset();
  });
}

void FileWriter::release_memory() noexcept {
  targets_.for_each([](Target& target) { target.text.release_memory(); });
  compressed_.release_memory();
}

void FileWriter::close_unused() {
  const auto limit = Target::Clock::now() - close_after;
  while (targets_.size() > 0 && targets_.oldest().used < limit) targets_.erase_oldest();
}

void FileWriter::link(const std::string& link, const std::string& path, std::int64_t slice) noexcept {
  if (link.empty()) return;
  try {
    if (newest_link_.size() >= max_names) newest_link_.clear();
    const auto [newest, first] = newest_link_.try_emplace(link, slice);
    if (!first && newest->second > slice) return;
    newest->second = slice;
    link_to(path, link, spec_.link_is_relative, spec_.modes);
  } catch (const std::exception& e) {
    std::uint64_t suppressed = 0;
    if (link_log_.due(suppressed)) log_.warn(cat("out_file: ", e.what()));
  }
}

}  // namespace logboom
