#include "balancer.hpp"

#include <random>

namespace logboom::out_forward {

namespace {

std::optional<unsigned> best_priority(const std::vector<Candidate>& servers) {
  std::optional<unsigned> best;
  for (const Candidate& server : servers) {
    if (server.weight == 0 || !server.available) continue;
    if (!best || server.priority < *best) best = server.priority;
  }
  return best;
}

}  // namespace

std::vector<bool> in_rotation(const std::vector<Candidate>& servers) {
  std::vector<bool> chosen(servers.size(), false);
  const std::optional<unsigned> priority = best_priority(servers);
  if (!priority) return chosen;
  std::int64_t lost = 0;
  bool any = false;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const Candidate& server = servers[i];
    if (server.weight == 0 || server.standby || server.priority != *priority) continue;
    chosen[i] = server.available;
    any = any || server.available;
    if (!server.available) lost += server.weight;
  }
  for (std::size_t i = 0; i < servers.size() && (lost > 0 || !any); ++i) {
    const Candidate& server = servers[i];
    if (server.weight == 0 || !server.standby || !server.available || server.priority != *priority) continue;
    chosen[i] = any = true;
    lost -= server.weight;
  }
  return chosen;
}

void Balancer::restart(const std::vector<Candidate>& servers) {
  std::minstd_rand random(seed_);
  credit_.clear();
  for (const Candidate& server : servers) {
    credit_.push_back(static_cast<std::int64_t>(random() % (std::uint64_t{server.weight} + 1)));
  }
}

/// Each round every server earns its weight, and the richest pays the sum of them for its turn.
std::optional<std::size_t> Balancer::next(const std::vector<Candidate>& servers, const std::vector<bool>& excluded) {
  if (credit_.size() != servers.size()) restart(servers);
  const std::vector<bool> rotation = in_rotation(servers);
  std::optional<std::size_t> best;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (!rotation[i] || excluded[i]) continue;
    credit_[i] += servers[i].weight;
    sum += servers[i].weight;
    if (!best || credit_[i] > credit_[*best]) best = i;
  }
  if (best) credit_[*best] -= sum;
  return best;
}

}  // namespace logboom::out_forward
