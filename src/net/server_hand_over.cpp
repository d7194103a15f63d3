#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "net/admission.hpp"
#include "net/datagram_socket.hpp"
#include "net/listener.hpp"
#include "net/server.hpp"

// What is left to the next process, and what comes from the one before.
namespace logboom::net {

namespace asio = boost::asio;

ListenerKey InputHost::key_of(const std::string& where) const {
  const auto type =
      std::find_if(labels_.begin(), labels_.end(), [](const auto& label) { return label.first == "type"; });
  return cat(type == labels_.end() ? std::string() : type->second, " ", where);
}

void InputHost::list(std::set<ListenerKey>& keys) const {
  for (const Stream& stream : streams_) keys.insert(key_of(stream.listener->where()));
  for (const Datagrams& datagrams : datagrams_) {
    if (datagrams.socket) keys.insert(key_of(datagrams.socket->name()));
  }
}

void InputHost::offer(std::vector<PassedSocket>& sockets) const {
  for (const Stream& stream : streams_) {
    if (stream.begun && !stream.claimed && !stream.replaced) sockets.push_back(stream.listener->duplicate(id_));
  }
  for (const Datagrams& datagrams : datagrams_) {
    if (datagrams.socket) sockets.push_back(datagrams.socket->duplicate(id_));
  }
}

void InputHost::pause(bool on) {
  for (Stream& stream : streams_) {
    if (stream.begun) stream.listener->pause(on);
  }
}

void InputHost::hand_over(const std::set<ListenerKey>& wanted) {
  for (Stream& stream : streams_) {
    if (wanted.contains(key_of(stream.listener->where()))) stream.listener->give_away();
  }
  for (Datagrams& datagrams : datagrams_) {
    if (datagrams.socket && wanted.contains(key_of(datagrams.socket->name()))) datagrams.socket->give_away();
  }
  std::erase_if(streams_, [&](const Stream& stream) { return wanted.contains(key_of(stream.listener->where())); });
  close();
}

bool InputHost::adopt(HandedConnection& connection) {
  const auto found = std::find_if(streams_.begin(), streams_.end(),
                                  [&](const Stream& stream) { return stream.group->key == connection.listener; });
  if (found == streams_.end()) return false;
  // A std::function must be copyable, and a descriptor is not.
  auto handed = std::make_shared<HandedConnection>(std::move(connection));
  // It counts, and stays, also where there are more than may come now.
  if (found->group->admission) found->group->admission->admit(handed->peer, handed->peer.admission);
  least_loaded(server_.workers()).adopt([group = found->group, owner = owner(), handed](Worker& worker) {
    auto made = std::make_unique<StreamConnection>(worker, group, handed->fd.take(), handed->peer, Worker::next_id());
    made->inherit(std::move(*handed));
    return made;
  });
  return true;
}

std::set<ListenerKey> Server::listeners() const {
  std::set<ListenerKey> keys;
  for (const InputHost* host : hosts_) host->list(keys);
  return keys;
}

std::vector<PassedSocket> Server::offer() const {
  std::vector<PassedSocket> sockets;
  for (const InputHost* host : hosts_) host->offer(sockets);
  for (const PassedSocket& left : passed_sockets_.left()) {
    const int fd = ::fcntl(left.fd.get(), F_DUPFD_CLOEXEC, 0);
    if (fd >= 0) sockets.push_back(PassedSockets::look_at(fd, left.name, left.managed));
  }
  return sockets;
}

void Server::freeze(bool on) {
  for (InputHost* host : hosts_) host->pause(on);
  for (auto& worker : workers_) worker->freeze(on);
}

void Server::when_quiet(std::chrono::steady_clock::time_point deadline, std::function<void()> done) {
  const auto left = std::make_shared<std::size_t>(workers_.size());
  for (auto& worker : workers_) {
    worker->when_quiet(deadline, [this, left, done] {
      post([left, done] {
        if (--*left == 0) done();
      });
    });
  }
}

void Server::hand_over(std::set<ListenerKey> wanted, std::chrono::steady_clock::time_point deadline,
                       std::function<void(std::vector<HandedConnection>)> done) {
  struct All {
    std::set<ListenerKey> wanted;
    std::vector<Handover> of_workers;
    std::size_t left = 0;
  };
  const auto all = std::make_shared<All>();
  all->wanted = std::move(wanted);
  all->left = workers_.size();
  all->of_workers.resize(workers_.size());
  for (InputHost* host : hosts_) host->hand_over(all->wanted);
  for (auto& worker : workers_) {
    Handover& to = all->of_workers[worker->index()];
    to.wanted = &all->wanted;
    worker->begin_hand_over(to, deadline, [this, all, done] {
      post([all, done] {
        if (--all->left != 0) return;
        std::vector<HandedConnection> connections;
        for (Handover& part : all->of_workers) {
          std::move(part.connections.begin(), part.connections.end(), std::back_inserter(connections));
        }
        done(std::move(connections));
      });
    });
  }
}

std::size_t Server::adopt(std::vector<HandedConnection> connections) {
  std::size_t nobodys = 0;
  for (HandedConnection& connection : connections) {
    const bool taken =
        std::any_of(hosts_.begin(), hosts_.end(), [&](InputHost* host) { return host->adopt(connection); });
    if (taken) continue;
    const linger no_wait{1, 0};
    ::setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &no_wait, sizeof no_wait);
    ++nobodys;
  }
  return nobodys;
}

void Server::when_readable(int fd, std::function<void()> task) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return;
  auto descriptor = std::make_shared<asio::posix::stream_descriptor>(main_loop(), copy);
  descriptor->async_wait(asio::posix::stream_descriptor::wait_read,
                         [descriptor, task = std::move(task)](const boost::system::error_code& error) {
                           if (!error) task();
                         });
}

}  // namespace logboom::net
