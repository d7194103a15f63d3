#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <logboom/net.hpp>

#include "net/hand_over.hpp"
#include "net/worker.hpp"

namespace logboom::net {

class BoundSocket;
class Server;
class StreamListener;
struct DatagramGroup;
struct StreamGroup;

/// One input's view of the server, and what works for it. What the input asks for is opened at once and works from
/// `begin` on, so that a configuration that can't be had changes nothing. An address where an input that is about to go
/// listens is not opened again: with `begin` its listener passes to the new input. Where such an input has another
/// address of the same port, the new one is opened beside it.
///
/// Threads: the main one; counters are found while the input starts. Lifetime: as long as the input; the server
/// outlives it.
class InputHost final : public Host {
 public:
  InputHost(Server& server, std::string id, MetricLabels labels, Metrics& metrics, EmitterSource emitter,
            InputOwner owner);
  ~InputHost() override;
  InputHost(const InputHost&) = delete;
  InputHost& operator=(const InputHost&) = delete;

  void listen(const StreamListen& where, SessionFactory sessions) override;
  void listen_datagram(const DatagramListen& where, DatagramFactory sessions) override;
  void run(TaskFactory make) override;
  Adopter adopter(SessionFactory sessions) override;
  std::uint16_t last_port() const override { return last_port_; }
  Counter& dropped(std::string_view reason) override;
  Counter& errors(std::string_view reason) override;
  DecompressBudget& decompress_budget() override;
  Log& log() override;

  /// The input is on its way out of the configuration: its addresses may be claimed. Or, after all, it is not.
  void set_going(bool going) noexcept { going_ = going; }
  /// Whose listeners this one has claimed.
  const std::set<const InputHost*>& claimed_from() const noexcept { return claimed_from_; }
  /// Loads certificates anew whose files have changed.
  void refresh_certificates();
  /// Takes over what was claimed, and begins to accept, to receive and to work.
  void begin();
  /// The listeners of this input by which the next process knows them.
  void list(std::set<ListenerKey>& keys) const;
  /// Its sockets for the next process. Throws std::runtime_error where the system has no room for more descriptors.
  void offer(std::vector<PassedSocket>& sockets) const;
  /// Connections wait in the backlog for now, or are accepted again.
  void pause(bool on);
  /// As `close`; but the sockets that the next process has are only closed here.
  void hand_over(const std::set<ListenerKey>& wanted);
  /// Goes on with a connection of the process before, if it was a listener's of this input. Else it stays the caller's.
  bool adopt(HandedConnection& connection);
  /// Takes what waits in the backlogs of those listeners that nobody has claimed, and closes them.
  void close();

 private:
  struct Stream {
    std::shared_ptr<StreamListener> listener;
    std::shared_ptr<StreamGroup> group;
    std::shared_ptr<StreamListener> replaces;  // of the same port, and to retire
    InputHost* from = nullptr;                 // from whom it was claimed, or what it replaces
    bool claimed = false;                      // by another host
    bool replaced = false;                     // by another host's
    bool begun = false;
  };
  struct Datagrams {
    std::shared_ptr<BoundSocket> socket;
    std::shared_ptr<DatagramGroup> group;
    std::shared_ptr<BoundSocket> replaces;
    bool begun = false;
  };
  using Reasons = std::map<std::string, Counter, std::less<>>;

  void set_limits(StreamGroup& group);
  void look_for_tls(StreamGroup& group);
  void say_expiries(TlsServer& tls);
  ListenerKey key_of(const std::string& where) const;
  bool claim(Stream& stream);
  bool claim(Datagrams& datagrams);
  void open(Stream& stream);
  void open(Datagrams& datagrams);
  bool open_beside(Stream& stream);
  bool open_beside(Datagrams& datagrams);
  void end_retirements();
  std::string own_in_the_way(std::uint16_t port, bool streams) const;
  void give_back(Stream& stream);
  void begin(Stream& stream);
  void begin(Datagrams& datagrams);
  std::shared_ptr<const void> owner() const { return owner_ ? owner_() : nullptr; }
  void register_group(const std::shared_ptr<StreamGroup>& group, const std::string& where);
  Counter& by_reason(Reasons& reasons, const char* name, std::string_view reason);

  Server& server_;
  std::string id_;
  MetricLabels labels_;
  Metrics& metrics_;
  EmitterSource emitter_;
  InputOwner owner_;
  bool going_ = false;
  std::set<const InputHost*> claimed_from_;
  std::vector<Stream> streams_;
  std::vector<Datagrams> datagrams_;
  std::vector<TaskFactory> tasks_;  // that are not begun
  Reasons dropped_;
  Reasons errors_;
  std::uint16_t last_port_ = 0;
};

}  // namespace logboom::net
