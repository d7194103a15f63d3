#pragma once

#include <iosfwd>

#include "pipeline/ledger_state.hpp"

namespace logboom {

/// For people: a table of sources, one of outputs, what was dropped and why, gaps, and the verdict.
void write_ledger_text(const LedgerState& state, bool tags, std::ostream& out);

}  // namespace logboom
