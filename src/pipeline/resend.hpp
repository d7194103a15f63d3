#pragma once

#include <functional>
#include <string>

#include "admin/control.hpp"
#include "output/dead_letter_store.hpp"
#include "pipeline/direct_delivery.hpp"

namespace logboom {

/// What the command `dlq.resend` works with. Lives as long as commands may run, and letters be on their way.
struct ResendContext {
  std::string root_dir;
  DeadLetterStore& store;
  RunningOutputs& outputs;
  Ledger& ledger;
};

/// Sends dead letters again: {"filter": …, "to": ID or "", "wait": whether to wait for the delivery}. Each is removed
/// once it is delivered, whether anybody waits for that or not; what is refused again becomes a dead letter anew.
/// Answers {"letters", "events", "delivered", "failed", "open"}.
std::string resend(ResendContext context, const std::string& arguments, ControlCaller& caller);

}  // namespace logboom
