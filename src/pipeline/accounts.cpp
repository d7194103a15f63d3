#include "pipeline/accounts.hpp"

#include <algorithm>

namespace logboom {

std::int64_t Amounts::difference() const noexcept {
  std::int64_t left = (*this)[Term::in] + (*this)[Term::made];
  for (std::size_t i = static_cast<std::size_t>(Term::filtered); i < of.size(); ++i) left -= of[i];
  return left;
}

namespace {

void enlist(Account& account, const SourceBook& book, std::vector<Account*>& all) {
  account.book = &book;
  account.number = static_cast<std::uint32_t>(all.size());
  all.push_back(&account);
}

}  // namespace

SourceBook::SourceBook(std::vector<Account*>& all) : all_(all) { enlist(others_, *this, all_); }

Account& SourceBook::find(const Tag& tag) {
  auto at = tags_.find(std::string(tag.text()));
  Account* account = &others_;
  if (at == tags_.end() && tags_.size() < most_tags) {
    at = tags_.emplace(tag.text(), std::make_unique<Account>()).first;
    enlist(*at->second, *this, all_);
  }
  if (at != tags_.end()) account = at->second.get();
  std::uint64_t& slot = tag.route_slot().generation;
  slot = (slot & generation_mask) | std::uint64_t{account->number} << 32;
  return *account;
}

void HeldShares::add(const Holder* holder, std::string_view tag, Account& account, std::uint64_t events) {
  Tags& tags = holders_[holder];
  auto at = tags.find(tag);
  if (at == tags.end()) at = tags.try_emplace(std::string(tag)).first;
  std::deque<Share>& shares = at->second;
  if (!shares.empty() && shares.back().account == &account) {
    shares.back().events += events;
  } else {
    shares.push_back({&account, events});
  }
}

HeldShares::Share HeldShares::take(const Holder* holder, std::string_view tag, std::uint64_t events) {
  const auto of_holder = holders_.find(holder);
  if (of_holder == holders_.end()) return {};
  Tags& tags = of_holder->second;
  auto at = tags.find(tag);
  if (at == tags.end()) at = tags.begin();
  Share& first = at->second.front();
  const Share taken{first.account, std::min(first.events, events)};
  first.events -= taken.events;
  if (first.events == 0) at->second.pop_front();
  if (at->second.empty()) tags.erase(at);
  if (tags.empty()) holders_.erase(of_holder);
  return taken;
}

SourceBook& Books::source(const std::string& id) {
  const auto at = sources_.find(id);
  if (at != sources_.end()) return at->second;
  return sources_.try_emplace(sources_.size() < most_sources ? id : std::string(rest), all_).first->second;
}

}  // namespace logboom
