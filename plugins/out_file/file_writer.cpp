#include "file_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

namespace logboom {

namespace {

using namespace std::chrono_literals;

/// A file that nothing came for in this time is closed, so that the space of a deleted one is free.
constexpr auto close_after = 60s;
constexpr std::size_t max_remembered = 4096;
constexpr std::size_t many_targets = 8;

}  // namespace

Target& FileWriter::add(Target target) {
  while (targets_.size() >= max_open) {
    write(targets_.oldest());
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
  if (!spec_.complete_files && spec_.compression == Compression::text) append(target);
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
  targets_.for_each([this](Target& target) { write(target); });
  for (const Staged& staged : staged_) name_staged(staged);
  staged_.clear();
  if (targets_.size() > many_targets) release_memory();
  close_unused();
}

void FileWriter::append(Target& target) {
  std::string_view text = target.text.text();
  if (spec_.compression != Compression::text) {
    compressed_.clear();
    compress(spec_.compression, text, compressed_);
    text = compressed_.text();
  }
  if (!target.fd) open(target);
  if (target.chunk != chunk_) open_journal(target);
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
  journal_.push_back(
      {regular ? target.path : std::string(), info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size), 0});
  target.journal = journal_.size() - 1;
  target.chunk = chunk_;
}

void FileWriter::open(Target& target) {
  if (target.name.numbered()) {
    open_numbered(target);
  } else {
    target.path = target.name.path(0);
    target.fd = open_for_append(target.path, spec_.modes);
  }
  target.chunk = 0;
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
  if (numbered_.size() >= max_remembered) {
    std::unordered_map<std::string, std::string> in_use;
    targets_.for_each([&](Target& target) {
      if (target.fd) in_use.emplace(target.name.path(0), target.path);
    });
    numbered_ = std::move(in_use);
  }
  numbered_[name] = path;
}

void FileWriter::stage(Target& target) {
  const std::string path = target.name.path(0);
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  const std::string temporary = cat(directory, ".", chunk_id_, "-", staged_.size(), ".tmp");
  ::unlink(temporary.c_str());
  staged_.push_back({temporary, target.name, target.slice, target.link});
  compressed_.clear();
  compress(spec_.compression, target.text.text(), compressed_);
  const Fd fd = create_new(temporary, spec_.modes);
  std::uint64_t written = 0;
  write_all(fd.get(), compressed_.text(), temporary, written);
  target.text.clear();
}

void FileWriter::name_staged(const Staged& staged) {
  for (unsigned number = 0;; ++number) {
    const std::string path = staged.name.path(number);
    if (!rename_if_free(staged.temporary, path, spec_.modes)) continue;
    link(staged.link, path, staged.slice);
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

std::string FileWriter::roll_back() {
  std::string problem;
  for (const Written& written : journal_) {
    if (written.bytes == 0 || (!written.path.empty() && take_back(written))) continue;
    problem = cat("a part of the chunk stays in ", written.path.empty() ? "what is no regular file" : written.path);
  }
  for (const Staged& staged : staged_) ::unlink(staged.temporary.c_str());
  journal_.clear();
  staged_.clear();
  targets_.for_each([](Target& target) {
    target.text.clear();
    target.fd.reset();
  });
  return problem;
}

void FileWriter::close_files() noexcept {
  targets_.for_each([](Target& target) { target.fd.reset(); });
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
    if (newest_link_.size() >= max_remembered) newest_link_.clear();
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
