// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/network/tap.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::InterfaceDefinition;

constexpr const char* kTun = "/dev/net/tun";
constexpr const char* kAnyName = "vnet%d";
/// virtio 1.2, 5.1.6: struct virtio_net_hdr with num_buffers.
constexpr int kHeaderBytes = 12;

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::copy_n(name.begin(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1), request.ifr_name);
  return request;
}

class TapMaker {
 public:
  explicit TapMaker(const InterfaceDefinition& interface)
      : interface_(interface), control_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!control_) {
      fail("socket", errno);
    }
  }

  Tap make() {
    if (!interface_.managed && ::if_nametoindex(interface_.target.c_str()) == 0) {
      refuse(
          text("there is no network device '{}': make it (ip tuntap add {} mode tap), or leave out "
               "managed='no'",
               interface_.target, interface_.target));
    }
    Tap tap;
    tap.name = interface_.target.empty() ? kAnyName : interface_.target;
    for (unsigned i = 0; i < interface_.queues; ++i) {
      tap.queues.push_back(open_queue(tap.name));
    }
    if (interface_.managed) {
      set_up(tap.name);
    }
    return tap;
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    throw Error(ErrorCode::kOperationFailed,
                text("<interface> {}: {}", domain_xml::format_mac(interface_.mac), reason));
  }
  [[noreturn]] void fail(const char* call, int error) const {
    if (error == EPERM || error == EACCES) {
      refuse(
          text("virtsevd may not make network devices here ({}): as an ordinary user write type='user', "
               "or name a tap device that is yours (<target dev=... managed='no'/>)",
               error_text(error)));
    }
    refuse(text("the host's network device can't be set up ({}: {})", call, error_text(error)));
  }

  /// `name` is a pattern for the first, and the device's from then on.
  UniqueFd open_queue(std::string& name) const {
    UniqueFd queue(::open(kTun, O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!queue) {
      if (errno == ENOENT || errno == ENODEV) {
        refuse(text("the host has no {}: load the kernel's module tun (modprobe tun)", kTun));
      }
      fail(kTun, errno);
    }
    ifreq request = request_for(name);
    request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
                                           (interface_.queues > 1 ? IFF_MULTI_QUEUE : 0));
    if (::ioctl(queue.get(), TUNSETIFF, &request) != 0) {
      if (errno == EBUSY) {
        refuse(text("the network device '{}' is in use by another guest; name another one", name));
      }
      fail("TUNSETIFF", errno);
    }
    name = request.ifr_name;
    if (::ioctl(queue.get(), TUNSETVNETHDRSZ, &kHeaderBytes) != 0) {
      fail("TUNSETVNETHDRSZ", errno);
    }
    return queue;
  }

  void ask(unsigned long number, ifreq& request, const char* call) const {
    if (::ioctl(control_.get(), number, &request) != 0) {
      fail(call, errno);
    }
  }

  void set_up(const std::string& name) const {
    // The host's end has an address of its own, the guest's with a first byte that no card has; so high a
    // one never becomes the bridge's.
    ifreq address = request_for(name);
    address.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    std::copy(interface_.mac.begin(), interface_.mac.end(), address.ifr_hwaddr.sa_data);
    address.ifr_hwaddr.sa_data[0] = static_cast<char>(0xfe);
    ask(SIOCSIFHWADDR, address, "SIOCSIFHWADDR");
    if (const int mtu = mtu_of_tap(); mtu != 0) {
      ifreq request = request_for(name);
      request.ifr_mtu = mtu;
      ask(SIOCSIFMTU, request, "SIOCSIFMTU");
    }
    if (interface_.kind == InterfaceDefinition::Kind::kBridge) {
      join_bridge(name);
    }
    ifreq flags = request_for(name);
    ask(SIOCGIFFLAGS, flags, "SIOCGIFFLAGS");
    flags.ifr_flags = static_cast<short>(flags.ifr_flags | IFF_UP);
    ask(SIOCSIFFLAGS, flags, "SIOCSIFFLAGS");
  }

  /// What the definition says, or what the bridge has: a smaller one would become the whole bridge's.
  [[nodiscard]] int mtu_of_tap() const {
    if (interface_.mtu != 0 || interface_.kind != InterfaceDefinition::Kind::kBridge) {
      return interface_.mtu;
    }
    ifreq request = request_for(interface_.bridge);
    return ::ioctl(control_.get(), SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : 0;
  }

  void join_bridge(const std::string& name) const {
    ifreq request = request_for(interface_.bridge);
    request.ifr_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
    if (::ioctl(control_.get(), SIOCBRADDIF, &request) == 0) {
      return;
    }
    if (errno == ENODEV || errno == EOPNOTSUPP) {
      refuse(
          text("the host has no bridge '{}': make it (ip link add {} type bridge), or name one that is "
               "there",
               interface_.bridge, interface_.bridge));
    }
    fail("SIOCBRADDIF", errno);
  }

  const InterfaceDefinition& interface_;
  UniqueFd control_;
};

}  // namespace

Tap open_tap(const InterfaceDefinition& interface) { return TapMaker(interface).make(); }

}  // namespace virtsev::daemon
