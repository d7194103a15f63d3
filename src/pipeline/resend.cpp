#include "pipeline/resend.hpp"

#include <charconv>

#include <logboom/crc32c.hpp>
#include <nlohmann/json.hpp>

#include "pipeline/letter_filter.hpp"

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* letters_source = "dead_letters";

/// The letter's id as a message's, so that a letter that was on its way when the process ended is not sent twice; one
/// that was touched since is another message.
MessageId message_id(const DeadLetter& about) {
  const std::string& letter = about.id;
  MessageId id;
  const auto half = [&letter](std::size_t from) {
    std::uint64_t n = 0;
    if (letter.size() >= from + 16) std::from_chars(letter.data() + from, letter.data() + from + 16, n, 16);
    return n;
  };
  id.high = half(0) ^ 0x6465616420206c74U;
  id.low = half(16);
  // What is behind the chunk's id: the letter is one of several.
  if (letter.size() > 32) id.high ^= crc32c(std::string_view(letter).substr(32));
  id.high ^= static_cast<std::uint64_t>(about.changed) * 0x9e3779b97f4a7c15U;
  return id;
}

class Resend {
 public:
  Resend(ResendContext context, const std::string& arguments, ControlCaller& caller)
      : context_(std::move(context)), caller_(caller) {
    const Json in = Json::parse(arguments);
    to_ = in.value("to", "");
    wait_ = in.value("wait", true);
    letters_ = filtered(list_dead_letters(context_.root_dir, [](const std::string&, const std::string&) {}),
                        letter_filter_from_json(in.at("filter").dump()));
  }

  std::string run() {
    // A name that is wrong is said before anything is sent.
    for (const DeadLetter& letter : letters_) static_cast<void>(output_for(letter));
    for (const DeadLetter& letter : letters_) {
      if (caller_.is_over()) break;
      send(letter);
      tell();
    }
    while (wait_ && settlements_->counts().open != 0 && !caller_.is_over()) {
      settlements_->wait(std::chrono::milliseconds(200));
      tell();
    }
    return state().dump();
  }

 private:
  std::shared_ptr<OutputNode> output_for(const DeadLetter& letter) const {
    return context_.outputs.find(to_.empty() ? letter.output : to_);
  }

  void send(const DeadLetter& letter) {
    DeadLetterStore& store = context_.store;
    if (!store.claim(letter.path)) return;
    std::vector<BatchPtr> batches;
    MessageId id;
    try {
      // Another caller may have touched it since the list was made.
      id = message_id(read_dead_letter(letter.path));
      batches = read_dead_letter_batches(letter.path);
    } catch (...) {
      store.release(letter.path);
      throw;
    }
    settlements_->expect();
    const auto settled = [settlements = settlements_, &store, path = letter.path](Outcome outcome) {
      switch (outcome) {
        case Outcome::delivered: store.remove(path); break;
        case Outcome::lost: store.keep(path); break;
        case Outcome::left: store.release(path); break;
      }
      settlements->settle(outcome == Outcome::delivered);
    };
    const auto output = output_for(letter);
    const std::uint64_t events = deliver_directly(letters_source, batches, receipts_for(settled), id, *output->sink,
                                                  context_.ledger, [this] { return caller_.is_over(); });
    if (events != letter.events) return;
    ++sent_;
    events_ += events;
  }

  Json state() const {
    const Settlements::Counts counts = settlements_->counts();
    return {{"letters", letters_.size()},    {"sent", sent_},           {"events", events_},
            {"delivered", counts.confirmed}, {"failed", counts.failed}, {"open", counts.open}};
  }

  void tell() {
    std::string now = state().dump();
    if (now != std::exchange(told_, now)) caller_.progress(now);
  }

  ResendContext context_;
  ControlCaller& caller_;
  std::string to_;
  bool wait_ = true;
  std::vector<DeadLetter> letters_;
  std::shared_ptr<Settlements> settlements_ = std::make_shared<Settlements>();
  std::uint64_t sent_ = 0;
  std::uint64_t events_ = 0;
  std::string told_;
};

}  // namespace

std::string resend(ResendContext context, const std::string& arguments, ControlCaller& caller) {
  return Resend(std::move(context), arguments, caller).run();
}

}  // namespace logboom
