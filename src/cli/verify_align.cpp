#include "cli/verify_align.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace logboom {

namespace {

using Lines = std::vector<std::uint64_t>;
using Kind = LineChange::Kind;

/// Beyond this many lines a way on is looked for by the digests alone.
constexpr std::size_t near = 256;

class Aligner {
 public:
  Aligner(const Lines& written, const Lines& found) : written_(written), found_(found) {
    out_.written.assign(found.size(), Alignment::nowhere);
  }

  Alignment run() {
    while (i_ < written_.size() || j_ < found_.size()) {
      if (same(i_, j_)) {
        out_.written[j_++] = i_++;
        continue;
      }
      step();
    }
    find_moves();
    return std::move(out_);
  }

 private:
  bool same(std::size_t i, std::size_t j) const {
    return i < written_.size() && j < found_.size() && written_[i] == found_[j];
  }

  /// Whether both go on together from there: for two lines, or to the end of one of them.
  bool goes_on(std::size_t i, std::size_t j) const {
    if (i == written_.size() && j == found_.size()) return true;
    if (!same(i, j)) return false;
    return i + 1 >= written_.size() || j + 1 >= found_.size() || same(i + 1, j + 1);
  }

  /// Skips the fewest lines after which both go on together.
  void step() {
    for (std::size_t sum = 1; sum <= 2 * near; ++sum) {
      // The even skip first: a changed line is likelier than one removed and another inserted.
      if (sum % 2 == 0 && goes_on(i_ + sum / 2, j_ + sum / 2)) return skip(sum / 2, sum / 2);
      for (std::size_t removed = 0; removed <= sum; ++removed) {
        if (i_ + removed > written_.size() || j_ + (sum - removed) > found_.size()) continue;
        if (goes_on(i_ + removed, j_ + (sum - removed))) return skip(removed, sum - removed);
      }
    }
    step_far();
  }

  void step_far() {
    if (places_.empty()) {
      for (std::size_t j = 0; j < found_.size(); ++j) places_[found_[j]].push_back(j);
    }
    for (std::size_t i = i_; i < written_.size(); ++i) {
      const auto at = places_.find(written_[i]);
      if (at == places_.end()) continue;
      const auto first = std::lower_bound(at->second.begin(), at->second.end(), j_);
      if (first != at->second.end() && goes_on(i, *first)) return skip(i - i_, *first - j_);
    }
    skip(written_.size() - i_, found_.size() - j_);
  }

  void skip(std::size_t removed, std::size_t inserted) {
    const std::size_t changed = std::min(removed, inserted);
    add(Kind::changed, changed);
    i_ += changed;
    j_ += changed;
    if (removed > changed) add(Kind::removed, removed - changed);
    if (inserted > changed) add(Kind::inserted, inserted - changed);
    i_ += removed - changed;
    j_ += inserted - changed;
  }

  void add(Kind kind, std::size_t count) {
    if (count > 0) out_.changes.push_back({kind, j_, count, i_});
  }

  /// A line that is missing in one place and too much in another was moved.
  void find_moves() {
    for (const LineChange& change : out_.changes) {
      if (change.kind == Kind::inserted) continue;
      for (std::uint64_t k = change.count; k-- > 0;)
        missing_[written_[change.written + k]].push_back(change.written + k);
    }
    const auto before = std::exchange(out_.changes, {});
    for (const LineChange& change : before) {
      for (std::uint64_t k = 0; change.kind != Kind::removed && k < change.count; ++k) {
        const auto from = missing_.find(found_[change.line + k]);
        if (from != missing_.end() && !from->second.empty()) {
          out_.changes.push_back({Kind::moved, change.line + k, 1, from->second.back()});
          moved_.insert(from->second.back());
          from->second.pop_back();
        } else {
          put({change.kind, change.line + k, 1, change.written + k});
        }
      }
    }
    for (const LineChange& change : before) {
      for (std::uint64_t k = 0; change.kind == Kind::removed && k < change.count; ++k) {
        if (!moved_.contains(change.written + k)) put({change.kind, change.line, 1, change.written + k});
      }
    }
    std::stable_sort(out_.changes.begin(), out_.changes.end(),
                     [](const LineChange& a, const LineChange& b) { return a.line < b.line; });
  }

  /// Joins what follows the last one.
  void put(const LineChange& change) {
    if (!out_.changes.empty()) {
      LineChange& last = out_.changes.back();
      const std::uint64_t line = change.kind == Kind::removed ? last.line : last.line + last.count;
      if (last.kind == change.kind && line == change.line && last.written + last.count == change.written) {
        ++last.count;
        return;
      }
    }
    out_.changes.push_back(change);
  }

  const Lines& written_;
  const Lines& found_;
  std::size_t i_ = 0;
  std::size_t j_ = 0;
  Alignment out_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> places_;
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> missing_;
  std::unordered_set<std::uint64_t> moved_;
};

}  // namespace

Alignment align(const std::vector<std::uint64_t>& written, const std::vector<std::uint64_t>& found) {
  return Aligner(written, found).run();
}

}  // namespace logboom
