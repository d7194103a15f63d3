#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>

#include <logboom/compress.hpp>
#include <logboom/log.hpp>

#include "cli/verify_align.hpp"
#include "cli/verify_chain.hpp"

namespace logboom {

namespace {

using namespace integrity;
using OnText = std::function<bool(std::string_view)>;

constexpr std::size_t max_named = 100;

/// A file as it is, in memory.
class Mapped {
 public:
  explicit Mapped(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0) {
      error_ = std::strerror(errno);
    } else if (info.st_size > 0) {
      size_ = static_cast<std::size_t>(info.st_size);
      memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
      if (memory_ == MAP_FAILED) error_ = std::strerror(errno);
    }
    if (fd >= 0) ::close(fd);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  ~Mapped() {
    if (size_ > 0 && memory_ != MAP_FAILED) ::munmap(memory_, size_);
  }
  const std::string& error() const noexcept { return error_; }
  std::string_view text() const noexcept {
    return size_ == 0 ? std::string_view() : std::string_view(static_cast<const char*>(memory_), size_);
  }

 private:
  void* memory_ = MAP_FAILED;
  std::size_t size_ = 0;
  std::string error_;
};

/// Hands the file's text on, decompressed, without what was there before the chain. Says what was wrong with it.
std::string read_text(const Header& header, std::string_view bytes, const OnText& on_text) {
  const bool was_compressed = header.compression != 0;
  const std::string_view all = was_compressed ? bytes.substr(std::min<std::size_t>(header.base, bytes.size())) : bytes;
  std::uint64_t skip = was_compressed ? 0 : header.base;
  const OnText behind_base = [&](std::string_view piece) {
    const std::size_t skipped = std::min<std::size_t>(skip, piece.size());
    skip -= skipped;
    piece.remove_prefix(skipped);
    return piece.empty() || on_text(piece);
  };
  DecompressBudget budget(std::numeric_limits<std::int64_t>::max());
  DecompressBudget::Share share(budget);
  constexpr std::uint64_t no_limit = std::numeric_limits<std::int64_t>::max();
  const std::span<const std::string_view> input(&all, 1);
  auto status = DecompressStatus::ok;
  if (all.starts_with("\x1f\x8b")) {
    status = decompress_gzip(input, no_limit, share, behind_base);
  } else if (all.starts_with("\x28\xb5\x2f\xfd")) {
    status = decompress_zstd(input, no_limit, share, behind_base);
  } else {
    behind_base(all);
  }
  return status == DecompressStatus::ok || status == DecompressStatus::stopped ? "" : std::string(to_text(status));
}

/// Cuts text into pieces, wherever its parts begin and end, and hands the digest of each on.
class Leaves {
 public:
  using OnLeaf = std::function<bool(const Digest&)>;
  explicit Leaves(OnLeaf on_leaf) : on_leaf_(std::move(on_leaf)) {}

  /// A piece ends there too.
  void stop_at(std::uint64_t position) noexcept { stop_ = position; }
  void start_at(std::uint64_t position) noexcept { position_ = position; }
  std::uint64_t lines() const noexcept { return lines_; }
  bool ends_in_a_line() const noexcept { return open_; }

  bool add(std::string_view text) {
    while (!text.empty()) {
      std::string_view rest = text;
      if (stop_ > position_) rest = rest.substr(0, std::min<std::uint64_t>(rest.size(), stop_ - position_));
      const std::string_view piece = take_piece(rest);
      hash_.add(piece);
      text.remove_prefix(piece.size());
      position_ += piece.size();
      open_ = true;
      const bool line = piece.back() == '\n';
      if (line) ++lines_;
      if ((line || position_ == stop_) && !finish()) return false;
    }
    return true;
  }
  bool finish() {
    if (!open_) return true;
    open_ = false;
    return on_leaf_(hash_.finish());
  }

 private:
  OnLeaf on_leaf_;
  Sha256 hash_;
  std::uint64_t position_ = 0;
  std::uint64_t stop_ = 0;
  std::uint64_t lines_ = 0;
  bool open_ = false;
};

/// Checks the digests of the blocks whose pieces come, all and in order.
class Blocks {
 public:
  explicit Blocks(const ParsedChain& chain) : chain_(chain) { open(); }

  /// The piece `index` came with this digest.
  void add(std::uint64_t index, const Digest& leaf) {
    while (at_ < chain_.blocks.size() && index >= current().first + current().count) ++at_, open();
    if (at_ == chain_.blocks.size()) return;
    if (index != current().first + have_) return;
    hash_->add(view(leaf));
    if (++have_ < current().count) return;
    if (current().whole && hash_->finish() != current().leaves) wrong_.push_back(at_);
    ++at_;
    open();
  }
  std::uint64_t end() const { return at_ < chain_.blocks.size() ? current().end : 0; }
  const std::vector<std::size_t>& wrong() const noexcept { return wrong_; }

 private:
  const ParsedChain::Block& current() const { return chain_.blocks[at_]; }
  void open() {
    hash_.emplace();
    have_ = 0;
  }

  const ParsedChain& chain_;
  std::size_t at_ = 0;
  std::uint64_t have_ = 0;
  std::optional<Sha256> hash_;
  std::vector<std::size_t> wrong_;
};

std::string lines_text(std::uint64_t first, std::uint64_t count) {
  return count == 1 ? cat("line ", first) : cat("lines ", first, " to ", first + count - 1);
}

class TextCheck {
 public:
  TextCheck(const ParsedChain& chain, std::string_view bytes, VerifyReport& report)
      : chain_(chain), bytes_(bytes), report_(report) {}

  void run() {
    first_line_ = lines_before();
    if (report_.proof) report_.proof->lines += first_line_;
    if (!is_as_written()) compare_lines();
    for (const ParsedChain::Cut& cut_then : chain_.cuts) add_cut(cut_then);
    if (const auto last = chain_.expected.size(); is_right_ && last > chain_.confirmed)
      report_.notes.push_back(cat(last - chain_.confirmed, " lines behind the last checkpoint are not confirmed yet"));
  }

 private:
  std::uint64_t lines_before() {
    if (chain_.header.base == 0) return 0;
    if (chain_.header.compression != 0) {
      report_.notes.push_back(
          cat("the first ", chain_.header.base, " bytes are older than the chain; lines count from there"));
      return 0;
    }
    std::uint64_t lines = 0;
    std::uint64_t left = chain_.header.base;
    Header whole = chain_.header;
    whole.base = 0;
    read_text(whole, bytes_, [&](std::string_view text) {
      text = text.substr(0, std::min<std::uint64_t>(left, text.size()));
      lines += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
      left -= text.size();
      return left > 0;
    });
    report_.notes.push_back(cat("the first ", lines, " lines are older than the chain: it says nothing about them"));
    return lines;
  }

  bool is_as_written() {
    Blocks blocks(chain_);
    std::uint64_t index = 0;
    Leaves* pieces = nullptr;
    Leaves leaves([&](const Digest& leaf) {
      if (index == chain_.expected.size() || short_digest(view(leaf)) != chain_.expected[index]) return false;
      blocks.add(index++, leaf);
      pieces->stop_at(blocks.end());
      return true;
    });
    pieces = &leaves;
    leaves.start_at(chain_.header.compression == 0 ? chain_.header.base : 0);
    leaves.stop_at(blocks.end());
    bool same = true;
    const std::string problem =
        read_text(chain_.header, bytes_, [&](std::string_view text) { return same = leaves.add(text); });
    same = same && leaves.finish() && problem.empty() && index == chain_.expected.size();
    report_.lines = first_line_ + leaves.lines();
    report_.lines_before_any_difference = first_line_ + index;
    name_wrong_blocks(blocks);
    return same;
  }

  void name_wrong_blocks(const Blocks& blocks) {
    for (const std::size_t at : blocks.wrong()) {
      const ParsedChain::Block& block = chain_.blocks[at];
      add("changed", first_line_ + block.first + 1,
          cat("among the ", block.count, " lines from line ", first_line_ + block.first + 1,
              " on at least one was changed so that its short digest is the same"));
    }
  }

  void add(const char* kind, std::uint64_t line, std::string text) {
    is_right_ = false;
    if (report_.findings.size() == max_named) report_.notes.push_back("more than these lines differ");
    if (report_.findings.size() < max_named) report_.findings.push_back({kind, line, std::move(text)});
  }

  void compare_lines() {
    std::vector<std::uint64_t> found;
    Leaves leaves([&](const Digest& leaf) {
      found.push_back(short_digest(view(leaf)));
      return true;
    });
    const std::string problem =
        read_text(chain_.header, bytes_, [&](std::string_view text) { return leaves.add(text); });
    const bool unfinished = leaves.ends_in_a_line();
    leaves.finish();
    report_.lines = first_line_ + found.size();
    const Alignment alignment = align(chain_.expected, found);
    if (!problem.empty())
      add("file", first_line_ + found.size() + 1, cat("the file can't be read to its end: ", problem));
    for (const LineChange& change : alignment.changes) add_change(change, found.size(), unfinished);
    check_blocks(alignment);
  }

  /// With what a crash, or a write under way, leaves behind the last checkpoint there is nothing wrong.
  bool is_not_written_yet(const LineChange& change, std::uint64_t lines, bool unfinished) {
    if (change.written < chain_.confirmed) return false;
    if (change.kind == LineChange::Kind::removed)
      return change.line >= lines && change.written + change.count == chain_.expected.size();
    return change.kind == LineChange::Kind::changed && unfinished && change.count == 1 && change.line + 1 == lines;
  }

  void add_change(const LineChange& change, std::uint64_t lines, bool unfinished) {
    const std::uint64_t line = first_line_ + change.line + 1;
    const std::uint64_t written = first_line_ + change.written + 1;
    if (is_not_written_yet(change, lines, unfinished)) {
      report_.notes.push_back(
          cat(lines_text(written, change.count),
              " of those announced are not, or not wholly, in the file: a crash, or a write under way"));
      return;
    }
    const std::string what = lines_text(line, change.count);
    switch (change.kind) {
      case LineChange::Kind::changed:
        add("changed", line, what + (change.count == 1 ? " was changed" : " were changed"));
        break;
      case LineChange::Kind::inserted:
        add("inserted", line, what + (change.count == 1 ? " was" : " were") + " not written by logboom");
        break;
      case LineChange::Kind::moved:
        add("moved", line, cat(what, " was moved: it was written as line ", written));
        break;
      case LineChange::Kind::removed:
        if (change.line >= lines && change.written + change.count >= chain_.confirmed) {
          add("cut", line, cat("the tail was cut: ", lines_text(written, change.count), " are missing"));
        } else {
          add("removed", line,
              cat(lines_text(written, change.count), " of those written ", change.count == 1 ? "is" : "are",
                  " missing before line ", line));
        }
    }
  }

  void add_cut(const ParsedChain::Cut& then) {
    add("cut", first_line_ + then.pieces + 1,
        cat("the tail had been cut when logboom opened the file on ", time_text(then.time), ": it had ", then.found,
            " bytes instead of ", then.confirmed, "; behind line ", first_line_ + then.pieces, " ", then.missing,
            " lines are missing"));
  }

  /// The lines that are where they belong, by their whole digests.
  void check_blocks(const Alignment& alignment) {
    Blocks blocks(chain_);
    std::size_t line = 0;
    Leaves leaves([&](const Digest& leaf) {
      const std::uint64_t written = alignment.written[line++];
      if (written != Alignment::nowhere) blocks.add(written, leaf);
      return line < alignment.written.size();
    });
    read_text(chain_.header, bytes_, [&](std::string_view text) { return leaves.add(text); });
    name_wrong_blocks(blocks);
  }

  const ParsedChain& chain_;
  std::string_view bytes_;
  VerifyReport& report_;
  std::uint64_t first_line_ = 0;
  bool is_right_ = true;
};

}  // namespace

void check_text(const ParsedChain& chain, const std::string& path, VerifyReport& report) {
  const Mapped file(path);
  if (!file.error().empty()) {
    report.findings.push_back({"file", 0, cat(path, ": ", file.error())});
    return;
  }
  TextCheck(chain, file.text(), report).run();
}

}  // namespace logboom
