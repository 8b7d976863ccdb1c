// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/libvirt/network_ports.hpp"

#include <memory>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/libvirt/beside.hpp"
#include "driver/daemon/relay/own_talk.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::InterfaceDefinition;
using domain_xml::NetworkPlug;
using relay::OwnTalk;

// REMOTE_PROC_NETWORK_LOOKUP_BY_NAME and so on, of libvirt's src/remote/remote_protocol.x.
constexpr std::int32_t kLookupByName = 46, kIsActive = 152, kPortCreate = 406, kPortXml = 409,
                       kPortDelete = 410;
// virErrorNumber: VIR_ERR_NO_NETWORK, VIR_ERR_NO_NETWORK_PORT.
constexpr int kNoNetwork = 43, kNoNetworkPort = 107;
constexpr std::uint32_t kMaxText = 4U << 20;  // REMOTE_STRING_MAX

void put_network(xdr::Encoder& out, const NetworkPlug& port) {  // remote_nonnull_network
  out.put_string(port.network);
  out.put_fixed_opaque(port.network_uuid);
}

void put_port(xdr::Encoder& out, const NetworkPlug& port) {  // remote_nonnull_network_port
  put_network(out, port);
  out.put_fixed_opaque(port.uuid);
}

void require_ok(const xdr::Decoder& in) {
  if (!in.ok()) {
    throw Error(ErrorCode::kRpc, text("the answer of libvirt's network daemon is not one of its protocol"));
  }
}

asio::awaitable<void> look_up(OwnTalk& talk, NetworkPlug& port) {
  xdr::Encoder name;
  name.put_string(port.network);
  const Bytes found = co_await talk.ask(kLookupByName, name.take());
  xdr::Decoder in(found);
  in.get_string(kMaxText);  // Its name, which is the one that was asked for
  in.get_fixed_opaque(port.network_uuid);
  require_ok(in);
  xdr::Encoder network;
  put_network(network, port);
  const Bytes answer = co_await talk.ask(kIsActive, network.take());
  xdr::Decoder active(answer);
  if (active.get_int32() == 0 && active.ok()) {
    throw Error(ErrorCode::kOperationInvalid,
                text("the network '{}' is not active: start it (virsh net-start {}), then the guest",
                     port.network, port.network));
  }
  require_ok(active);
}

asio::awaitable<void> remove(OwnTalk& talk, const NetworkPlug& port) {
  xdr::Encoder out;
  put_port(out, port);
  out.put_uint32(0);  // flags
  try {
    co_await talk.ask(kPortDelete, out.take());
  } catch (const Error& error) {
    // A network that was stopped meanwhile has no ports.
    const int code = static_cast<int>(error.code());
    if (code != kNoNetwork && code != kNoNetworkPort) {
      throw;
    }
  }
}

/// `made`: there is a port that is to be given back.
asio::awaitable<void> make(OwnTalk& talk, const domain_xml::DomainDefinition& domain,
                           const InterfaceDefinition& interface, NetworkPlug& port, bool& made) {
  port.network = interface.network;
  co_await look_up(talk, port);
  port.uuid = domain_xml::random_uuid();
  xdr::Encoder request;
  put_network(request, port);
  request.put_string(domain_xml::format_port_request(domain, interface, port.uuid));
  request.put_uint32(0);  // flags
  co_await talk.ask(kPortCreate, request.take());
  made = true;
  xdr::Encoder question;
  put_port(question, port);
  question.put_uint32(0);
  const Bytes answer = co_await talk.ask(kPortXml, question.take());
  xdr::Decoder in(answer);
  const std::string xml = in.get_string(kMaxText);
  require_ok(in);
  domain_xml::read_port_made(xml, port);
}

struct Giver {
  asio::any_io_executor executor;
  std::string directory;
};

asio::awaitable<NetworkPorts> take_all(Giver daemon,
                                       std::shared_ptr<const domain_xml::DomainDefinition> definition) {
  NetworkPorts ports;
  std::shared_ptr<OwnTalk> talk;
  for (const InterfaceDefinition& interface : definition->interfaces) {
    if (interface.kind != InterfaceDefinition::Kind::kNetwork) {
      continue;
    }
    NetworkPlug port;
    bool made = false;
    std::optional<Error> failure;
    try {
      if (!talk) {
        talk = co_await OwnTalk::open(daemon.executor, daemon.directory, relay::Kind::kNetwork, false);
      }
      if (!talk) {
        throw Error(ErrorCode::kOperationFailed,
                    text("the network '{}' is libvirt's, and none of its daemons listens in {}: start one "
                         "(systemctl start virtnetworkd, or libvirtd), or write type='bridge' with a bridge "
                         "of this host, or type='user'",
                         interface.network, daemon.directory));
      }
      co_await make(*talk, *definition, interface, port, made);
    } catch (const Error& error) {
      failure.emplace(error.code(), text("<interface> {}: {}", domain_xml::format_mac(interface.mac),
                                         printable_line(error.what())));
    }
    if (made) {
      ports.emplace(place_of(interface), std::move(port));
    }
    if (failure) {
      give_back_network_ports(daemon.executor, daemon.directory, std::move(ports));
      throw Error(*failure);
    }
  }
  co_return std::move(ports);
}

asio::awaitable<void> give_back_all(Giver daemon, NetworkPorts ports) {
  constexpr std::chrono::seconds kFirstPause{1}, kLongestPause{32};
  std::string why;
  for (std::chrono::seconds pause = kFirstPause; !ports.empty(); pause *= 2) {
    try {
      const auto talk =
          co_await OwnTalk::open(daemon.executor, daemon.directory, relay::Kind::kNetwork, false);
      if (!talk) {
        why = text("none of libvirt's daemons listens in {}", daemon.directory);
      }
      while (talk && !ports.empty()) {
        co_await remove(*talk, ports.begin()->second);
        ports.erase(ports.begin());
      }
    } catch (const Error& error) {
      why = printable_line(error.what());
    }
    if (ports.empty() || pause > kLongestPause) {
      break;
    }
    asio::steady_timer timer(daemon.executor, pause);
    std::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  for (const auto& [slot, port] : ports) {
    log_warning(
        text("the network '{}' still has the port {} of a guest that ended: {}; `virsh "
             "net-port-delete` removes it",
             port.network, domain_xml::format_uuid(port.uuid), why));
  }
}

}  // namespace

asio::awaitable<std::optional<NetworkPorts>> take_network_ports(
    asio::any_io_executor executor, std::string directory,
    std::shared_ptr<const domain_xml::DomainDefinition> definition, Latch& give_up) {
  std::function<asio::awaitable<NetworkPorts>()> work = [daemon = Giver{executor, directory}, definition] {
    return take_all(daemon, definition);
  };
  std::function<void(NetworkPorts)> undo = [executor, directory](NetworkPorts ports) {
    give_back_network_ports(executor, directory, std::move(ports));
  };
  return beside(std::move(executor), std::move(work), std::move(undo), give_up);
}

void give_back_network_ports(const asio::any_io_executor& executor, const std::string& directory,
                             NetworkPorts ports) {
  if (!ports.empty()) {
    asio::co_spawn(executor, give_back_all(Giver{executor, directory}, std::move(ports)), asio::detached);
  }
}

}  // namespace virtsev::daemon
