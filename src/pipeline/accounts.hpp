#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <logboom/tag.hpp>

namespace logboom {

class Holder;

/// What may become of a source's events. `parked` and `held` are those that are on their way.
enum class Term : std::uint8_t {
  in,
  made,
  filtered,
  merged,
  unmatched,
  relabel_loop,  // from here on: dropped, with the reason
  filter_error,
  shutdown,
  routed,  // taken by an output, each copy counted
  parked,
  held,
};
inline constexpr std::array<std::string_view, 11> term_words{"in",        "made",         "filtered",     "merged",
                                                             "unmatched", "relabel_loop", "filter_error", "shutdown",
                                                             "routed",    "parked",       "held"};

/// Numbers of events, one for each term.
struct Amounts {
  std::array<std::int64_t, term_words.size()> of{};

  std::int64_t& operator[](Term term) noexcept { return of[static_cast<std::size_t>(term)]; }
  std::int64_t operator[](Term term) const noexcept { return of[static_cast<std::size_t>(term)]; }
  Amounts& operator+=(const Amounts& other) noexcept {
    for (std::size_t i = 0; i < of.size(); ++i) of[i] += other.of[i];
    return *this;
  }
  bool operator==(const Amounts&) const = default;
  std::int64_t in_flight() const noexcept { return (*this)[Term::parked] + (*this)[Term::held]; }
  /// in + made less all the others: 0 where nothing was lost from sight.
  std::int64_t difference() const noexcept;
};

class SourceBook;

/// A tag's slot has the generation of the pipeline whose route it remembers, and above that the number of the account
/// that its events are counted in; 0: none.
inline constexpr std::uint64_t generation_mask = 0xffffffff;
inline std::size_t slot_number(const Tag& tag) noexcept { return tag.route_slot().generation >> 32; }

/// What became of the events of one source and tag, on one worker. Threads: the worker's.
struct Account {
  Amounts amounts;
  const SourceBook* book = nullptr;
  std::uint32_t number = 0;

  void add(Term term, std::uint64_t events) noexcept { amounts[term] += static_cast<std::int64_t>(events); }
  void take(Term term, std::uint64_t events) noexcept { amounts[term] -= static_cast<std::int64_t>(events); }
};

/// The accounts of one source on one worker: one for each tag, up to a number, and one for all further tags.
class SourceBook {
 public:
  static constexpr std::size_t most_tags = 1024;

  /// `all`: every account of the worker, by number.
  explicit SourceBook(std::vector<Account*>& all);
  SourceBook(const SourceBook&) = delete;
  SourceBook& operator=(const SourceBook&) = delete;

  /// Lives as long as the book. The tag, which must be of this worker, remembers it.
  Account& account(const Tag& tag) {
    Account& known = *all_[slot_number(tag)];
    return known.book == this ? known : find(tag);
  }
  /// That of all further tags.
  Account& others() noexcept { return others_; }
  /// Calls `visit(tag, amounts)` for each account, at the end for that of all further tags with an empty tag.
  template <class F>
  void for_each(F&& visit) const {
    for (const auto& [tag, account] : tags_) visit(std::string_view(tag), account->amounts);
    visit(std::string_view(), others_.amounts);
  }

 private:
  Account& find(const Tag& tag);

  std::vector<Account*>& all_;
  std::unordered_map<std::string, std::unique_ptr<Account>> tags_;
  Account others_;
};

/// Which events a worker's holders hold, by holder and tag: whose they are, oldest first.
class HeldShares {
 public:
  struct Share {
    Account* account = nullptr;
    std::uint64_t events = 0;
  };

  void add(const Holder* holder, std::string_view tag, Account& account, std::uint64_t events);
  /// The next share of up to `events`; where nothing is held under this tag, of another one of the holder. An empty one
  /// where the holder holds nothing.
  Share take(const Holder* holder, std::string_view tag, std::uint64_t events);

 private:
  using Tags = std::map<std::string, std::deque<Share>, std::less<>>;
  std::map<const Holder*, Tags> holders_;
};

/// All accounts of one worker. Threads: the worker's, but for `activity`.
class Books {
 public:
  /// Sources are known by their id; those beyond this number share a book.
  static constexpr std::size_t most_sources = 256;
  static constexpr std::string_view rest = "(others)";

  Books() = default;
  Books(const Books&) = delete;
  Books& operator=(const Books&) = delete;

  SourceBook& source(const std::string& id);
  const std::map<std::string, SourceBook>& sources() const noexcept { return sources_; }
  HeldShares& held() noexcept { return held_; }

  /// Grows whenever anything is counted.
  std::uint64_t activity() const noexcept { return activity_.load(std::memory_order_relaxed); }
  void note_activity() noexcept { activity_.store(activity() + 1, std::memory_order_relaxed); }

 private:
  Account nobodys_;
  std::vector<Account*> all_{&nobodys_};
  std::map<std::string, SourceBook> sources_;
  HeldShares held_;
  std::atomic<std::uint64_t> activity_{0};
};

}  // namespace logboom
