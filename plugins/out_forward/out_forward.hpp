#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <logboom/output.hpp>

#include "ack_reader.hpp"
#include "affinity.hpp"
#include "discovery.hpp"
#include "message.hpp"
#include "options.hpp"
#include "servers.hpp"

namespace logboom::out_forward {

/// Sends chunks to servers, as `Options` says. See README.md.
class ForwardOutput final : public ChunkOutput {
 public:
  using Options = out_forward::Options;

  ForwardOutput(Options options, BuildContext& context);
  ~ForwardOutput() override { stop(); }

  BufferDefaults buffer_defaults() const override;
  void start() override;
  WriteResult write(const Chunk& chunk) override;
  void interrupt() noexcept override;
  void stop() override;

 private:
  struct Source {
    std::unique_ptr<Discovery> discovery;
    std::vector<ServerSettings> servers;
    std::chrono::steady_clock::time_point due{};
    bool failing = false;
  };

  std::shared_ptr<Server> make_server(const ServerSettings& settings);
  ServerCounts& counts_of(const std::string& title);
  /// A chunk on its way.
  struct Sending {
    const std::string& id;
    std::string first;                        // the server that is tried first
    std::set<std::uint32_t> arrived;          // portions
    std::shared_ptr<PendingChunk> pending{};  // where acks are asked for
    std::uint32_t portions = 0;
    std::uint32_t messages = 0;
    std::string why{};  // why it could not be sent
    std::shared_ptr<Server> server{};
  };
  bool send(const std::vector<TagRun>& runs, Sending& sending);
  bool send(const std::vector<Message>& messages, const std::shared_ptr<PendingPortion>& pending, Sending& sending);
  std::string send(const std::shared_ptr<Server>& server, const std::vector<Message>& messages,
                   const std::shared_ptr<PendingPortion>& pending, bool fresh);
  void take(Server& server, const Connection::News& news);

  void discover();
  std::string apply_sources();
  std::vector<ServerSettings> all_servers() const;
  void begin_servers();
  void upkeep();
  [[noreturn]] void refuse(const std::string& why) const;

  const Options options_;
  const Element element_;
  Metrics& metrics_;
  const MetricLabels labels_;
  Setup setup_;
  const MessageWriter writer_;
  const std::chrono::nanoseconds ack_time_;
  std::map<std::string, std::unique_ptr<ServerCounts>> counts_;
  std::mutex counts_mutex_;
  std::vector<Source> sources_;
  bool outdated_ = false;  // the sources know of other servers than we have
  std::string refusal_;    // why we don't have them, as the log has it
  Servers servers_;
  Affinity affinity_;
  std::shared_ptr<Arrived> arrived_ = std::make_shared<Arrived>();
  std::shared_ptr<AckWindow> window_;
  std::unique_ptr<AckReader> reader_;  // where acks are asked for

  std::mutex mutex_;
  std::condition_variable ending_;
  std::atomic<bool> interrupted_{false};
  bool ended_ = false;
  std::thread upkeep_;
};

}  // namespace logboom::out_forward
