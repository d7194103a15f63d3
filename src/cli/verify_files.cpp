#include "cli/verify_files.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include <logboom/compress.hpp>

#include "cli/verify_chain.hpp"

namespace logboom {

namespace {

namespace fs = std::filesystem;
using integrity::chain_suffix;

constexpr const char* compressed_suffixes[] = {".gz", ".zst", ".zstd"};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

/// `app.log.integrity`, and with a number behind it where it had to make room.
bool is_chain(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t at = name.rfind(chain_suffix);
  if (at == std::string::npos || at == 0 || name.starts_with('.')) return false;
  const std::string rest = name.substr(at + chain_suffix.size());
  return rest.empty() || (rest[0] == '.' && rest.find_first_not_of("0123456789", 1) == std::string::npos);
}

std::string without_suffix(const std::string& path, std::string_view suffix) {
  return path.ends_with(suffix) ? path.substr(0, path.size() - suffix.size()) : std::string();
}

std::vector<fs::path> files_in(const fs::path& directory) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory.empty() ? "." : directory, error)) {
    if (entry.is_regular_file(error)) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The beginning of a file's text, decompressed.
std::string beginning_of(const fs::path& path) {
  constexpr std::size_t enough = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(enough, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(enough));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (!bytes.starts_with("\x1f\x8b") && !bytes.starts_with("\x28\xb5\x2f\xfd")) return bytes;
  std::string text;
  const DecompressSink sink = [&text](std::string_view piece) { return text += piece, text.size() < enough; };
  DecompressBudget budget(2 * enough);
  DecompressBudget::Share share(budget);
  const std::string_view all = bytes;
  if (bytes.starts_with("\x1f\x8b")) {
    decompress_gzip({&all, 1}, 2 * enough, share, sink);
  } else {
    decompress_zstd({&all, 1}, 2 * enough, share, sink);
  }
  return text;
}

/// Whether the file begins as the chain says.
bool begins_like(const fs::path& file, const ParsedChain& chain) {
  const std::string text = beginning_of(file);
  std::string_view rest = text;
  if (chain.header.compression == 0) rest.remove_prefix(std::min<std::size_t>(rest.size(), chain.header.base));
  if (rest.empty() || chain.expected.empty()) return false;
  integrity::Sha256 hash;
  return short_digest(integrity::view(hash.add(integrity::take_piece(rest)).finish())) == chain.expected.front();
}

bool has_inode_of(const fs::path& file, const integrity::Header& header) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 && info.st_ino == header.inode && info.st_dev == header.device;
}

std::optional<bool> is_pair(const fs::path& file, const fs::path& chain, bool by_inode) {
  const std::string bytes = read_whole(chain.string());
  const auto parsed = parse_chain(bytes);
  if (!parsed) return std::nullopt;
  return by_inode ? has_inode_of(file, parsed->header) : begins_like(file, *parsed);
}

/// The file beside the chain by its name.
std::string named_file(const std::string& chain) {
  const std::string base = without_suffix(chain, chain_suffix);
  if (base.empty()) return "";
  if (is_file(base)) return base;
  for (const char* suffix : compressed_suffixes) {
    if (is_file(base + suffix)) return base + suffix;
  }
  return "";
}

std::string named_chain(const std::string& file) {
  if (is_file(file + std::string(chain_suffix))) return file + std::string(chain_suffix);
  for (const char* suffix : compressed_suffixes) {
    const std::string base = without_suffix(file, suffix);
    if (!base.empty() && is_file(base + std::string(chain_suffix))) return base + std::string(chain_suffix);
  }
  return "";
}

/// After a rotation names don't fit any more: the chain's own file by its inode, else by its first line.
std::string file_of(const std::string& chain) {
  if (std::string named = named_file(chain); !named.empty()) return named;
  const auto files = files_in(fs::path(chain).parent_path());
  for (const bool by_inode : {true, false}) {
    for (const fs::path& file : files) {
      if (!is_chain(file) && named_chain(file.string()).empty() && is_pair(file, chain, by_inode).value_or(false))
        return file.string();
    }
  }
  return "";
}

std::string chain_of(const std::string& file) {
  if (std::string named = named_chain(file); !named.empty()) return named;
  const auto files = files_in(fs::path(file).parent_path());
  for (const bool by_inode : {true, false}) {
    for (const fs::path& chain : files) {
      if (is_chain(chain) && named_file(chain.string()).empty() && is_pair(file, chain, by_inode).value_or(false))
        return chain.string();
    }
  }
  return "";
}

VerifyPair pair_of(const std::string& path) {
  return is_chain(path) ? VerifyPair{file_of(path), path} : VerifyPair{path, chain_of(path)};
}

std::vector<VerifyPair> pairs_below(const fs::path& directory) {
  std::vector<fs::path> chains;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    if (entry.is_regular_file(error) && is_chain(entry.path())) chains.push_back(entry.path());
  }
  std::sort(chains.begin(), chains.end());
  std::vector<VerifyPair> out;
  for (const fs::path& chain : chains) out.push_back({file_of(chain.string()), chain.string()});
  return out;
}

std::vector<std::string> expand(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return out;
}

}  // namespace

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::system_error(errno, std::generic_category(), "can't read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<VerifyPair> find_pairs(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return pairs_below(path);
  if (fs::exists(path, error)) return {pair_of(path)};
  std::vector<VerifyPair> out;
  for (const std::string& match : expand(path)) {
    if (fs::is_directory(match, error)) {
      for (VerifyPair& pair : pairs_below(match)) out.push_back(std::move(pair));
    } else if (!is_chain(match)) {
      out.push_back(pair_of(match));
    }
  }
  return out;
}

}  // namespace logboom
