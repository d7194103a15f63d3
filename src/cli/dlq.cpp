#include "cli/dlq.hpp"

#include <unistd.h>

#include <istream>
#include <numeric>
#include <ostream>
#include <string>

#include <logboom/json.hpp>
#include <nlohmann/json.hpp>

#include "admin/control.hpp"
#include "cli/moments.hpp"
#include "cli/state.hpp"
#include "cli/table.hpp"
#include "pipeline/letter_filter.hpp"

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

constexpr int exit_failed = 1;
constexpr int exit_nobody_there = 2;

std::string line_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

LetterFilter filter_of(const LetterOptions& options) {
  LetterFilter filter;
  filter.ids = options.ids;
  filter.output = options.output;
  filter.tag = options.tag;
  filter.reason = options.reason;
  if (!options.older_than.empty()) filter.before = moment_of(options.older_than, "--older-than");
  if (!options.newer_than.empty()) filter.after = moment_of(options.newer_than, "--newer-than");
  return filter;
}

/// For what can't be undone.
LetterFilter deliberate_filter(const LetterOptions& options) {
  LetterFilter filter = filter_of(options);
  if (filter.is_empty() && !options.all) throw CliError("say which dead letters: ids, filters, or --all");
  return filter;
}

struct Found {
  std::vector<DeadLetter> letters;
  bool damaged = false;
};

Found find(const CliOptions& options, const LetterFilter& filter, std::ostream& notes) {
  Found found;
  const auto damaged = [&](const std::string&, const std::string& why) {
    notes << "logboom: " << why << "\n";
    found.damaged = true;
  };
  found.letters = filtered(list_dead_letters(root_dir_of(options), damaged), filter);
  return found;
}

std::uint64_t events_of(const std::vector<DeadLetter>& letters) {
  return std::accumulate(letters.begin(), letters.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const DeadLetter& letter) { return sum + letter.events; });
}

Json json_of(const DeadLetter& letter) {
  return {{"id", letter.id},
          {"output", letter.output},
          {"tags", letter.tags},
          {"more_tags", letter.more_tags},
          {"reason", letter.reason},
          {"detail", letter.detail},
          {"attempts", letter.attempts},
          {"time", letter.time},
          {"failing_since", letter.failing_since},
          {"events", letter.events},
          {"bytes", letter.bytes},
          {"path", letter.path}};
}

void list_for_people(const std::vector<DeadLetter>& letters, std::ostream& out) {
  if (letters.empty()) {
    out << "no dead letters\n";
    return;
  }
  std::vector<std::vector<std::string>> rows{{"id", "given up", "output", "tags", "reason", "events", "bytes"}};
  for (const DeadLetter& letter : letters) {
    std::string tags = letter.tags.empty() ? "" : letter.tags.front();
    if (letter.tags.size() > 1) tags += " +" + std::to_string(letter.tags.size() - 1) + (letter.more_tags ? "…" : "");
    rows.push_back({letter.id, local_time_text(letter.time), letter.output, tags, letter.reason,
                    count_text(static_cast<std::int64_t>(letter.events)),
                    count_text(static_cast<std::int64_t>(letter.bytes))});
  }
  write_table(rows, 5, out);
  out << letters.size() << " dead letters, " << count_text(static_cast<std::int64_t>(events_of(letters)))
      << " events; `logboom dlq list --json` says what the outputs said\n";
}

int list(const CliOptions& options, std::ostream& out, std::ostream& notes) {
  const Found found = find(options, filter_of(options.letters), notes);
  if (options.json) {
    for (const DeadLetter& letter : found.letters) out << line_of(json_of(letter)) << "\n";
  } else {
    list_for_people(found.letters, out);
  }
  return found.damaged ? exit_failed : 0;
}

void show_one(const DeadLetter& letter, std::ostream& out) {
  OutBuffer line;
  for (const BatchPtr& batch : read_dead_letter_batches(letter.path)) {
    batch->for_each([&](const Event& event) {
      line.clear();
      line.append("{\"letter\":");
      append_json_string(line, letter.id);
      line.append(",\"tag\":");
      append_json_string(line, batch->tag().text());
      const std::string nanoseconds = std::to_string(1'000'000'000 + event.time.nsec);
      line.append(cat(",\"time\":", event.time.sec, ".", nanoseconds.substr(1), ",\"record\":"));
      append_json(line, event.record.value());
      line.append("}\n");
      out << line.text();
    });
  }
}

int show(const CliOptions& options, std::ostream& out, std::ostream& notes) {
  Found found = find(options, filter_of(options.letters), notes);
  for (const DeadLetter& letter : found.letters) {
    try {
      show_one(letter, out);
    } catch (const std::runtime_error& error) {
      notes << "logboom: " << error.what() << "\n";
      found.damaged = true;
    }
  }
  return found.damaged ? exit_failed : 0;
}

int resend(const CliOptions& options, std::ostream& out, std::ostream& notes) {
  const LetterFilter filter = deliberate_filter(options.letters);
  Json arguments{
      {"filter", Json::parse(to_json(filter))}, {"to", options.letters.to}, {"wait", !options.letters.no_wait}};
  const auto progress = [&notes](const std::string& json) {
    const Json state = Json::parse(json);
    notes << state["sent"] << " of " << state["letters"] << " sent, " << state["delivered"] << " delivered\n";
  };
  const std::string result = ask_process(socket_of(options), "dlq.resend", line_of(arguments), progress);
  const Json state = Json::parse(result);
  if (options.json) {
    out << result << "\n";
  } else {
    out << state["sent"] << " of " << state["letters"] << " dead letters were sent again, " << state["events"]
        << " events; " << state["delivered"] << " are delivered, or given up again, and removed";
    if (state["failed"] != 0) out << "; " << state["failed"] << " could be neither, and stay";
    out << "\n";
  }
  const bool all_settled = options.letters.no_wait || state["open"] == 0;
  return all_settled && state["failed"] == 0 && state["sent"] == state["letters"] ? 0 : exit_failed;
}

int purge(const CliOptions& options, std::istream& in, std::ostream& out, std::ostream& notes) {
  const Found found = find(options, deliberate_filter(options.letters), notes);
  const std::string what = cat(found.letters.size(), " dead letters with ", events_of(found.letters), " events");
  if (!options.letters.yes && !found.letters.empty()) {
    if (::isatty(STDIN_FILENO) == 0) throw CliError("purge: there is nobody to ask; say --yes");
    notes << "Remove " << what << "? [y/N] " << std::flush;
    std::string answer;
    std::getline(in, answer);
    if (answer != "y" && answer != "yes") return exit_failed;
  }
  for (const DeadLetter& letter : found.letters) remove_dead_letter(letter.path);
  if (options.json) {
    out << line_of({{"letters", found.letters.size()}, {"events", events_of(found.letters)}}) << "\n";
  } else {
    out << "removed " << what << "\n";
  }
  return found.damaged ? exit_failed : 0;
}

}  // namespace

int dlq_command(const CliOptions& options, std::istream& in, std::ostream& out, std::ostream& notes) {
  try {
    switch (options.letters.action) {
      case LetterOptions::Action::list: return list(options, out, notes);
      case LetterOptions::Action::show: return show(options, out, notes);
      case LetterOptions::Action::resend: return resend(options, out, notes);
      case LetterOptions::Action::purge: return purge(options, in, out, notes);
    }
  } catch (const NobodyThere& error) {
    notes << "logboom: " << error.what() << "; dead letters are sent again by a process that runs\n";
    return exit_nobody_there;
  }
  return exit_failed;
}

}  // namespace logboom
