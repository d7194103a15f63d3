#include "chain_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "chain_scan.hpp"

namespace logboom {

namespace {

namespace fs = std::filesystem;
using integrity::Builder;
using integrity::chain_suffix;
using integrity::Header;
using integrity::Reopen;

constexpr std::size_t max_remembered = 4096;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), what + " " + path);
}

/// The file of that number in the directory, or an empty path.
fs::path find_inode(const std::string& directory, std::uint64_t device, std::uint64_t inode) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    struct stat info {};
    if (::lstat(entry.path().c_str(), &info) == 0 && info.st_ino == inode && info.st_dev == device) return entry.path();
  }
  return {};
}

Fd open_to_read(const std::string& path) { return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)); }

}  // namespace

ChainFile Chains::open(const std::string& path, int file, const std::string& stream) {
  ChainFile chain;
  chain.path = path + std::string(chain_suffix);
  chain.stream = stream;
  chain.fd = Fd(::open(chain.path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY));
  if (!chain.fd && errno != ENOENT) fail("can't open", chain.path);
  if (chain.fd && go_on(chain, path, file)) return chain;
  chain.fd = create_new(chain.path, spec_.modes);
  if (!chain.fd) fail("can't make", chain.path);
  begin(chain, name_of(path), file);
  return chain;
}

ChainFile Chains::create(const std::string& chain_path, const std::string& name, int file, const std::string& stream) {
  ChainFile chain;
  chain.path = chain_path;
  chain.stream = stream;
  chain.fd = create_new(chain_path, spec_.modes);
  if (!chain.fd) fail("can't make", chain_path);
  begin(chain, name, file);
  return chain;
}

/// False where there is none to go on with; what was there then has another name.
bool Chains::go_on(ChainFile& chain, const std::string& path, int file) {
  const auto scan = scan_chain(chain.fd.get(), chain.path);
  if (!scan) {
    // A crash at its very beginning leaves an empty one.
    put_aside(chain, path, Header{});
    return false;
  }
  const struct stat info = status_of(file, path);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const bool same_file = info.st_ino == scan->header->inode && info.st_dev == scan->header->device;
  if (!same_file && size < scan->confirmed) {
    put_aside(chain, path, *scan->header);
    return false;
  }
  if (::ftruncate(chain.fd.get(), static_cast<off_t>(scan->size)) != 0) fail("can't cut", chain.path);
  chain.size = scan->size;
  chain.sequence = scan->header->sequence;
  chain.builder = Builder(scan->state);
  if (size == scan->state.file_end) return true;
  const Fd reader = open_to_read(path);
  Reopen found = reopened(*scan, size, chain.fd.get(), reader.get());
  found.time = now();
  if (size < scan->confirmed)
    log_.error(cat("out_file: ", path, " has ", size, " bytes and had ", scan->confirmed,
                   ": lines were removed; `logboom verify` says which"));
  records_.clear();
  chain.builder.reopen(found, records_);
  append(chain);
  if (found.next_file < size && ::ftruncate(file, static_cast<off_t>(found.next_file)) != 0) fail("can't cut", path);
  return true;
}

void Chains::begin(ChainFile& chain, const std::string& name, int file) {
  const struct stat info = status_of(file, name);
  Header header;
  header.created = now();
  header.device = info.st_dev;
  header.inode = info.st_ino;
  header.base = static_cast<std::uint64_t>(info.st_size);
  header.compression = static_cast<std::uint8_t>(spec_.compression);
  header.stream = chain.stream;
  if (spec_.key) header.public_key = spec_.key->raw_public();
  if (const Last* before = last(chain.stream, chain.path)) {
    header.sequence = before->sequence + 1;
    header.previous = *before->digest;
    header.previous_name = name_of(before->path);
  }
  chain.sequence = header.sequence;
  try {
    records_.clear();
    chain.builder.start(header, records_);
    append(chain);
    confirm(chain, name);
  } catch (...) {
    ::unlink(chain.path.c_str());
    throw;
  }
}

/// What stands in the way of a new chain gets the name of the file that it belongs to, or one of its own.
void Chains::put_aside(const ChainFile& chain, const std::string& path, const Header& header) {
  const struct stat info = status_of(chain.fd.get(), chain.path);
  if (info.st_size == 0) {
    ::unlink(chain.path.c_str());
    return;
  }
  const fs::path owner = find_inode(directory_of(path), header.device, header.inode);
  if (!owner.empty() && rename_if_free(chain.path, owner.string() + std::string(chain_suffix), spec_.modes)) return;
  for (std::uint64_t number = header.sequence;; ++number) {
    const std::string name = cat(chain.path, ".", number);
    if (!rename_if_free(chain.path, name, spec_.modes)) continue;
    log_.warn(cat("out_file: ", chain.path, " belongs to another file and is ", name, " now"));
    return;
  }
}

void Chains::append(ChainFile& chain) { write_all(chain.fd.get(), records_.text(), chain.path, chain.size); }

void Chains::announce(ChainFile& chain, std::string_view text, std::uint64_t file_bytes) {
  records_.clear();
  chain.builder.block(text, file_bytes, now(), records_);
  append(chain);
}

void Chains::confirm(ChainFile& chain, const std::string& path) {
  records_.clear();
  chain.builder.checkpoint(now(), spec_.key ? &*spec_.key : nullptr, records_);
  append(chain);
  if (last_.size() >= max_remembered) last_.clear();
  Last& newest = last_[chain.stream];
  if (newest.sequence <= chain.sequence) newest = {chain.sequence, path, chain.builder.state().digest};
}

void Chains::forget() {
  last_.clear();
  known_directories_.clear();
}

Chains::Last* Chains::last(const std::string& stream, const std::string& path) {
  if (known_directories_.size() >= max_remembered) known_directories_.clear();
  auto found = last_.find(stream);
  if (found == last_.end() && known_directories_.insert(directory_of(path)).second) {
    look_for(directory_of(path));
    found = last_.find(stream);
  }
  if (found == last_.end()) return nullptr;
  Last& last = found->second;
  if (!last.digest) {
    const Fd fd = open_to_read(last.path);
    const auto scan = fd ? scan_chain(fd.get(), last.path) : std::nullopt;
    if (!scan) return nullptr;
    last.digest = scan->state.digest;
    last.path.erase(last.path.find(chain_suffix));
  }
  return &last;
}

/// The newest chain of each stream in a directory, as an earlier process left it.
void Chains::look_for(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string path = entry.path().string();
    if (path.find(chain_suffix) == std::string::npos || last_.size() >= max_remembered) continue;
    const Fd fd = open_to_read(path);
    const auto scan = fd ? scan_chain(fd.get(), path, true) : std::nullopt;
    if (!scan) continue;
    const auto [known, fresh] = last_.try_emplace(scan->header->stream);
    if (fresh || known->second.sequence < scan->header->sequence)
      known->second = {scan->header->sequence, path, std::nullopt};
  }
}

}  // namespace logboom
