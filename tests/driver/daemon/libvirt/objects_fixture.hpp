// SPDX-License-Identifier: LGPL-2.1-or-later
// A Hypervisor beside one of libvirt's daemons, which writes down what it is asked.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"
#include "tests/driver/daemon/fixture.hpp"
#include "tests/driver/daemon/relay/fake_daemon.hpp"

namespace virtsev::daemon::test {

class ObjectsTest : public HypervisorTest {
 protected:
  using Message = FakeDaemon::Message;
  using Connection = FakeDaemon::Connection;

  static constexpr std::uint32_t kMaxText = 1U << 20;
  static Bytes text_of(const std::string& content) {
    xdr::Encoder out;
    out.put_string(content);
    return out.take();
  }
  static Bytes number(std::int32_t value) {
    xdr::Encoder out;
    out.put_int32(value);
    return out.take();
  }
  static Uuid uuid_of(std::uint8_t byte) {
    Uuid uuid{};
    uuid.fill(byte);
    return uuid;
  }

  [[nodiscard]] std::string socket(const std::string& name) const {
    return layout_.socket_directory + "/" + name;
  }
  DomainHandle define_with(const std::string& devices, const std::string& command_line = "") {
    std::string document = xml({.command_line = command_line});
    document.insert(document.find("</devices>"), devices);
    return wait(driver().define(document, 0));
  }
  std::string refusal_of_start(const DomainHandle& domain) {
    const auto error = error_of(driver().start(domain.uuid, 0, 1));
    return error ? error->what() : "it started";
  }
  bool shows(const DomainHandle& domain, const std::string& piece, std::uint32_t flags = 0) {
    return driver().xml(domain.uuid, flags).find(piece) != std::string::npos;
  }
};

inline bool holds(const std::string& whole, const std::string& piece) {
  return whole.find(piece) != std::string::npos;
}

}  // namespace virtsev::daemon::test
