#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <logboom/filter.hpp>
#include <logboom/output.hpp>

#include "output/sink.hpp"

namespace logboom {

class Pipeline;

/// Where the events of a tag go from one label on: through these filters, then to these sinks, to outputs that look at
/// them and send them on, and to further labels.
struct RouteNode {
  enum class End : std::uint8_t { delivered, unmatched, loop };
  std::vector<Filter*> filters;
  std::vector<Sink*> sinks;
  struct Emit {
    EmitOutput* output;
    const std::string* label;  // into whose rules it emits
  };
  std::vector<Emit> emits;
  /// Stores that take notice of one another.
  struct Branch {
    std::unique_ptr<RouteNode> node;
    RoutePlan::StoreMode mode;
  };
  std::vector<Branch> branches;
  /// Each batch goes to one: those of `turns` in a circle, from `turn` on.
  struct Choices {
    std::vector<std::unique_ptr<RouteNode>> nodes;
    std::vector<std::size_t> turns;
    mutable std::size_t turn = 0;
    const RouteNode& next() const {
      if (turn == turns.size()) turn = 0;
      return *nodes[turns[turn++]];
    }
  };
  std::vector<Choices> choices;
  std::vector<std::unique_ptr<RouteNode>> next;
  End end = End::delivered;
  std::string error;  // for `loop`: which labels

  /// How many copies of a batch go on behind the filters.
  std::size_t ways() const noexcept {
    return sinks.size() + emits.size() + next.size() + branches.size() + choices.size();
  }
  /// True where a batch goes to exactly one sink as it is.
  bool is_single() const noexcept { return ways() == 1 && sinks.size() == 1 && filters.empty(); }
};

/// One worker's routes. Tags with the same way share one tree, so that many tags cost little.
/// Threads: the worker's.
class RouteCache {
 public:
  explicit RouteCache(const Pipeline& pipeline) : pipeline_(pipeline) {}
  const RouteNode& find(const std::string& label, const Tag& tag);

 private:
  const RouteNode& resolve(const std::string& label, std::string_view tag);

  const Pipeline& pipeline_;
  std::map<std::string, std::unique_ptr<RouteNode>> routes_;
};

}  // namespace logboom
