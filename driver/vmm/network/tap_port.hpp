// SPDX-License-Identifier: LGPL-2.1-or-later
// A queue of a tap device (Linux, Documentation/networking/tuntap.rst).
#pragma once

#include "driver/vmm/network/network_port.hpp"
#include "driver/vmm/network/port_watch.hpp"

namespace virtsev::vmm {

/// The kernel takes and gives the 12 bytes of header as they are: IFF_VNET_HDR, TUNSETVNETHDRSZ with 12,
/// little-endian as every processor that runs this.
class TapPort final : public NetworkPort {
 public:
  /// `fd`: borrowed; it is made non-blocking. Throws std::system_error.
  explicit TapPort(int fd);

  [[nodiscard]] bool has_offloads() const override { return true; }
  void set_offloads(const Offloads& offloads) override;
  void attach(bool attached) override;
  void open(EventLoop& loop, Events events) override;
  void close() override { watch_.close(); }
  void want_frames(bool wanted) override;
  void want_room(bool wanted) override;
  Result<ByteView, NoFrame> receive() override;
  Sent send(std::span<const iovec> pieces) override;
  [[nodiscard]] const std::string& why_broken() const override { return why_broken_; }

 private:
  int fd_;
  bool attached_ = true;
  Bytes frame_;
  std::string why_broken_;
  Events events_;
  PortWatch watch_;
};

}  // namespace virtsev::vmm
