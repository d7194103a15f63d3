#include "cli/ledger.hpp"

#include <ostream>

#include "admin/control.hpp"
#include "cli/ledger_text.hpp"
#include "cli/moments.hpp"
#include "cli/state.hpp"
#include "pipeline/ledger_state.hpp"

namespace logboom {

namespace {

constexpr int exit_unbalanced = 1;
constexpr int exit_no_ledger = 2;

LedgerState checkpoint_of(const CliOptions& options, std::ostream& notes) {
  LedgerState state = read_ledger(ledger_path(root_dir_of(options)));
  if (state.written != 0) {
    notes << "logboom does not run; this is its checkpoint of " << local_time_text(state.written)
          << (state.ended ? "\n" : ", and it did not come to an orderly end\n");
  }
  return state;
}

}  // namespace

int ledger_command(const CliOptions& options, std::ostream& out, std::ostream& notes) {
  LedgerState state;
  try {
    state = ledger_from_json(ask_process(socket_of(options), "ledger", "{}"));
  } catch (const NobodyThere&) {
    if (!options.state.socket.empty() && options.state.root_dir.empty()) throw;
    state = checkpoint_of(options, notes);
  }
  if (state.written == 0) {
    notes << "logboom does not run, and there is no ledger in " << root_dir_of(options) << "\n";
    return exit_no_ledger;
  }
  if (options.json) {
    out << to_json(state) << "\n";
  } else {
    write_ledger_text(state, options.state.tags, out);
  }
  return state.balances() ? 0 : exit_unbalanced;
}

}  // namespace logboom
