#include "cli/ledger_text.hpp"

#include <cstdlib>
#include <numeric>
#include <ostream>
#include <string>
#include <vector>

#include "cli/moments.hpp"
#include "cli/table.hpp"

namespace logboom {

namespace {

using Row = std::vector<std::string>;

Row source_row(std::string name, const Amounts& amounts, std::int64_t gap) {
  const std::int64_t dropped = amounts[Term::relabel_loop] + amounts[Term::filter_error] + amounts[Term::shutdown];
  Row row{std::move(name)};
  for (const std::int64_t n : {amounts[Term::in], amounts[Term::made], amounts[Term::filtered], amounts[Term::merged],
                               amounts[Term::unmatched], dropped, amounts[Term::routed], amounts.in_flight(), gap}) {
    row.push_back(count_text(n));
  }
  return row;
}

void write_sources(const LedgerState& state, bool tags, std::ostream& out) {
  std::vector<Row> rows{
      {"source", "in", "+ made", "= filtered", "merged", "unmatched", "dropped", "routed", "in flight", "gap"}};
  for (const auto& [id, source] : state.sources) {
    rows.push_back(source_row(id, source.total(), source.gap));
    if (!tags) continue;
    for (const auto& [tag, amounts] : source.tags) {
      rows.push_back(source_row("  " + (tag.empty() ? "(others)" : tag), amounts, 0));
    }
  }
  write_table(rows, 1, out);
}

void write_outputs(const LedgerState& state, std::ostream& out) {
  std::vector<Row> rows{{"output", "in", "= delivered", "buffered", "dropped", "gap"}};
  std::string reasons;
  for (const auto& [id, output] : state.outputs) {
    const auto dropped = std::accumulate(output.dropped.begin(), output.dropped.end(), std::int64_t{0});
    rows.push_back({id, count_text(output.in), count_text(output.delivered), count_text(output.buffered),
                    count_text(dropped), count_text(output.gap)});
    for (std::size_t i = 0; i < output.dropped.size(); ++i) {
      if (output.dropped[i] == 0) continue;
      reasons +=
          "dropped by " + id + ": " + count_text(output.dropped[i]) + " " + std::string(drop_reason_words[i]) + "\n";
    }
  }
  write_table(rows, 1, out);
  out << reasons;
}

void write_gap(const LedgerGap& gap, std::ostream& out) {
  out << "gap: logboom ended without an orderly end after " << local_time_text(gap.from) << ", and started at "
      << local_time_text(gap.to) << ". Of what was there then, " << count_text(gap.at_most)
      << " events were not found again: lost, or delivered uncounted.";
  if (gap.found != 0) out << " " << count_text(gap.found) << " events that had come since were found.";
  out << " What else came and went within " << gap.uncounted_ms << " ms after that is not known; before, "
      << count_text(gap.per_second) << " events came in a second.\n";
}

void write_verdict(const LedgerState& state, std::ostream& out) {
  if (state.balances()) {
    out << "It balances.\n";
    return;
  }
  out << "It does not balance:\n";
  const auto missing = [&out](const std::string& what, std::int64_t n) {
    if (n != 0) out << "  " << what << ": " << count_text(std::abs(n)) << (n > 0 ? " missing\n" : " too many\n");
  };
  for (const auto& [id, source] : state.sources) missing("source " + id, source.difference());
  for (const auto& [id, output] : state.outputs) missing("output " + id, output.difference());
  if (const std::int64_t n = state.between(); n > 0 || n < -state.moving) missing("between sources and outputs", n);
}

}  // namespace

void write_ledger_text(const LedgerState& state, bool tags, std::ostream& out) {
  out << "Events since " << local_time_text(state.since) << ", as of " << local_time_text(state.written) << "\n\n";
  if (!state.sources.empty()) write_sources(state, tags, out);
  out << "\n";
  if (!state.outputs.empty()) write_outputs(state, out);
  out << "\n";
  if (state.earlier_gaps != 0) out << state.earlier_gaps << " earlier gaps\n";
  for (const LedgerGap& gap : state.gaps) write_gap(gap, out);
  write_verdict(state, out);
}

}  // namespace logboom
