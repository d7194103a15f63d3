#include "acks.hpp"

#include <utility>

namespace logboom::in_forward {

std::uint64_t Acks::expect(std::string answer, const MessageIds::Name& name) {
  bytes_ += answer.size();
  owed_.push_back({{std::move(answer), name}, false});
  if (owed_.size() > docker_at_most) pipelines_ = true;
  return next_token_++;
}

void Acks::settle(std::uint64_t token) {
  if (token < first_token_ || token - first_token_ >= owed_.size()) return;
  owed_[token - first_token_].due = true;
}

void Acks::fail(std::uint64_t token) {
  if (token < first_token_ || token - first_token_ >= owed_.size()) return;
  for (; owed_.size() > token - first_token_; owed_.pop_back()) {
    bytes_ -= owed_.back().answer.text.size();
    failed_.push_back(owed_.back().answer.name);
  }
}

std::optional<Acks::Answer> Acks::next(Clock::time_point now, std::chrono::microseconds& wait) {
  wait = {};
  if (owed_.empty() || !owed_.front().due) return std::nullopt;
  if (!pipelines_ && now < not_before_) {
    wait = std::chrono::ceil<std::chrono::microseconds>(not_before_ - now);
    return std::nullopt;
  }
  Answer answer = std::move(owed_.front().answer);
  owed_.pop_front();
  bytes_ -= answer.text.size();
  ++first_token_;
  // An answer that goes out alone delays nobody: the client sends its next message only after it.
  if (!owed_.empty()) not_before_ = now + spacing;
  return answer;
}

}  // namespace logboom::in_forward
