#include "pipeline/replay.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <stdexcept>
#include <thread>

#include <logboom/segment.hpp>
#include <nlohmann/json.hpp>

#include "route/pattern.hpp"

namespace logboom {

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr const char* source = "replay";
constexpr std::size_t most_tags = 1000;

struct Order {
  explicit Order(const Json& json)
      : from(json.value("from", "")),
        to(json.value("to", "")),
        tags(PatternList::compile(json.value("tag", ""))),
        since(json.value("since", std::numeric_limits<std::int64_t>::min())),
        until(json.value("until", std::numeric_limits<std::int64_t>::max())),
        rate(json.value("rate", 0.0)),
        dry_run(json.value("dry_run", false)) {}

  std::string from;
  std::string to;
  PatternList tags;
  std::int64_t since;
  std::int64_t until;
  double rate;
  bool dry_run;
};

/// An open file, for as long as this lives. One that is gone by now has nothing to read.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

class Replay {
 public:
  Replay(ReplayContext context, const std::string& arguments, ControlCaller& caller)
      : context_(context), caller_(caller), order_(Json::parse(arguments)) {
    if (!order_.dry_run) to_ = context_.outputs.find(order_.to);
    files_ = segment::list_files(segments_folder(find_source()->buffer_path));
    for (const segment::File& file : files_) {
      std::error_code gone;
      const auto size = std::filesystem::file_size(file.path, gone);
      if (!gone) bytes_ += size;
    }
  }

  std::string run() {
    for (const segment::File& file : files_) {
      if (caller_.is_over()) break;
      read(file.path);
    }
    return state(true).dump(-1, ' ', false, Json::error_handler_t::replace);
  }

 private:
  /// The output whose buffer is read.
  std::shared_ptr<OutputNode> find_source() const {
    if (!order_.from.empty()) {
      auto output = context_.outputs.find(order_.from);
      if (output->buffer_path.empty())
        throw std::runtime_error(output->id + " has no file buffer that could keep events");
      return output;
    }
    std::vector<std::shared_ptr<OutputNode>> found = context_.outputs.all();
    std::erase_if(found, [](const auto& output) { return output->buffer_path.empty(); });
    if (found.empty()) throw std::runtime_error("no output has a file buffer that could keep events");
    if (found.size() == 1) return found.front();
    std::string ids;
    for (const auto& output : found) ids.append(ids.empty() ? "" : ", ").append(output->id);
    throw std::runtime_error("several outputs have file buffers, say which one to read with --from: " + ids);
  }

  void read(const std::string& path) {
    const OpenFile file(path);
    if (file.fd() < 0) return;
    segment::Reader reader = segment::Reader::of_file(file.fd());
    segment::Frame frame;
    const std::uint64_t before = bytes_read_;
    while (!caller_.is_over() && reader.next(frame)) {
      take(frame, reader.payload());
      bytes_read_ = before + frame.offset + frame.size();
      if (Clock::now() >= next_word_) tell();
    }
    for (const segment::Reader::Damage& damage : reader.damage()) damaged_ += damage.events;
    bytes_read_ = before + reader.file_size();
  }

  void take(const segment::Frame& frame, std::string_view payload) {
    const auto is_wanted = [this](const segment::Section& section) { return order_.tags.matches(section.tag); };
    if (std::none_of(frame.sections.begin(), frame.sections.end(), is_wanted)) return;
    OutBuffer entries;
    if (!segment::unpack(frame, payload, entries)) {
      damaged_ += frame.events;
      return;
    }
    const SlabPtr slab(Slab::make(entries.size()));
    std::memcpy(slab->data(), entries.data(), entries.size());
    std::vector<BatchPtr> batches;
    const std::uint8_t* at = slab->data();
    for (const segment::Section& section : frame.sections) {
      if (BatchPtr batch = is_wanted(section) ? choose(section, at, slab) : BatchPtr())
        batches.push_back(std::move(batch));
      at += section.bytes;
    }
    if (!batches.empty()) send(batches);
  }

  /// The section's events of the time that is asked for; null where there are none.
  BatchPtr choose(const segment::Section& section, const std::uint8_t* at, const SlabPtr& slab) {
    auto batch = std::make_unique<EventBatch>(Tag::make(section.tag));
    batch->hold(slab);
    EntryCursor cursor({at, section.bytes, section.events});
    Event event;
    while (cursor.next(event)) {
      const std::int64_t ms =
          std::clamp<std::int64_t>(event.time.sec, -latest, latest) * 1000 + event.time.nsec / 1'000'000;
      if (ms < order_.since || ms > order_.until) continue;
      batch->add_held({event.entry.begin(), static_cast<std::uint32_t>(event.entry.size()), 1});
    }
    if (batch->events() == 0) return {};
    events_ += batch->events();
    const std::string tag(section.tag);
    if (tags_.size() < most_tags || tags_.contains(tag)) tags_[tag] += batch->events();
    return BatchPtr(std::move(batch));
  }

  void send(const std::vector<BatchPtr>& batches) {
    if (order_.dry_run) return;
    std::uint64_t events = 0;
    for (const BatchPtr& batch : batches) events += batch->events();
    wait_for_turn(events);
    const auto is_over = [this] {
      if (Clock::now() >= next_word_) tell();
      return caller_.is_over();
    };
    sent_ += deliver_directly(source, batches, {}, {}, *to_->sink, context_.ledger, is_over);
  }

  void wait_for_turn(std::uint64_t events) {
    if (order_.rate <= 0) return;
    while (Clock::now() < next_turn_ && !caller_.is_over()) {
      std::this_thread::sleep_for(std::min<Clock::duration>(next_turn_ - Clock::now(), std::chrono::milliseconds(50)));
      if (Clock::now() >= next_word_) tell();
    }
    const auto pause = std::chrono::duration<double>(static_cast<double>(events) / order_.rate);
    next_turn_ = std::max(next_turn_, Clock::now()) + std::chrono::duration_cast<Clock::duration>(pause);
  }

  Json state(bool with_tags) const {
    Json out{
        {"events", events_}, {"sent", sent_}, {"bytes_read", bytes_read_}, {"bytes", bytes_}, {"damaged", damaged_}};
    if (with_tags) out["tags"] = tags_;
    return out;
  }

  void tell() {
    next_word_ = Clock::now() + std::chrono::milliseconds(500);
    caller_.progress(state(false).dump());
  }

  static constexpr std::int64_t latest = std::int64_t{1} << 40;  // seconds

  ReplayContext context_;
  ControlCaller& caller_;
  Order order_;
  std::shared_ptr<OutputNode> to_;
  std::vector<segment::File> files_;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t damaged_ = 0;
  std::map<std::string, std::uint64_t> tags_;
  Clock::time_point next_word_ = Clock::now();
  Clock::time_point next_turn_{};
};

}  // namespace

std::string segments_folder(const std::string& path) {
  const std::size_t star = path.find('*');
  if (star != std::string::npos) {
    std::string prefix = path.substr(0, star);
    prefix.erase(prefix.find_last_not_of('.') + 1);
    if (prefix.empty() || prefix.back() == '/') prefix += "buffer";
    return prefix + ".segments";
  }
  std::error_code error;
  const bool is_other = std::filesystem::exists(path, error) && !std::filesystem::is_directory(path, error);
  return is_other ? path + ".segments" : path;
}

std::string replay(ReplayContext context, const std::string& arguments, ControlCaller& caller) {
  return Replay(context, arguments, caller).run();
}

}  // namespace logboom
