// SPDX-License-Identifier: LGPL-2.1-or-later
// The control queues of a virtio console device (virtio 1.2, 5.3.6.2): which ports there are, and who has
// them open.
#include <algorithm>

#include "driver/vmm/devices/ports_device.hpp"
#include "driver/vmm/devices/ports_layout.hpp"
#include "driver/vmm/memory/pieces.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

void PortsDevice::take_commands() {
  Queue* const commands = queue(ports::kControlTransmit);
  while (running_ && commands != nullptr) {
    const auto chain = commands->take();
    if (!chain) {
      fail(chain.error().what);
      return;
    }
    if (!*chain) {
      break;
    }
    if (take_command(**chain)) {
      commands->give_back((*chain)->head, 0);
    }
  }
  if (running_ && commands != nullptr) {
    commands->notify();
  }
  tell_news();
}

bool PortsDevice::take_command(const Chain& chain) {
  const auto pieces = memory_->iovecs(chain.readable);
  ByteArray<ports::kControlBytes> message{};
  if (!pieces || !chain.writable.empty() || copy_out(*pieces, 0, message) < message.size()) {
    fail(text("what is in the control queue is not a control message of {} bytes (virtio 1.2, 5.3.6.2)",
              message.size()));
    return false;
  }
  on_command(get_le<std::uint32_t>(message, ports::kPortAt), get_le<std::uint16_t>(message, ports::kEventAt),
             get_le<std::uint16_t>(message, ports::kValueAt));
  return running_;
}

void PortsDevice::on_command(std::uint32_t number, std::uint16_t event, std::uint16_t value) {
  if (event == ports::kDeviceReady) {
    if (value == 1) {
      for (Port& port : ports_) {
        port.news |= kAdd;
      }
    }
    return;
  }
  Port* const port = port_of(number);
  if (port == nullptr) {
    fail(text("a control message about port {}, which there is not (virtio 1.2, 5.3.6.2)", number));
    return;
  }
  if (event == ports::kPortReady && value == 1) {
    port->ready = true;
    port->news |= (port->options.console ? kConsole : 0) | (port->options.name.empty() ? 0 : kName) |
                  (port->host.is_connected() ? kOpen : 0);
  } else if (event == ports::kPortOpen) {
    port->open = value != 0;
    feed(*port);
  }
}

void PortsDevice::tell_news() {
  Queue* const messages = queue(ports::kControlReceive);
  bool told = false;
  for (Port& port : ports_) {
    for (const News news : {kAdd, kConsole, kName, kOpen}) {
      if (!running_ || messages == nullptr || (port.news & news) == 0) {
        continue;
      }
      const auto chain = messages->take();
      if (!chain) {
        fail(chain.error().what);
        return;
      }
      if (!*chain) {
        if (told) {
          messages->notify();
        }
        return;  // The driver kicks when there is one
      }
      if (!tell(port, news, **chain)) {
        return;
      }
      port.news &= static_cast<std::uint8_t>(~news);
      told = true;
    }
  }
  if (told && running_) {
    messages->notify();
  }
}

bool PortsDevice::tell(Port& port, News news, const Chain& chain) {
  Bytes message(ports::kControlBytes);
  const auto event = news == kAdd       ? ports::kDeviceAdd
                     : news == kConsole ? ports::kConsolePort
                     : news == kName    ? ports::kPortName
                                        : ports::kPortOpen;
  const bool value = news != kOpen || port.host.is_connected();
  put_le<std::uint32_t>(message, ports::kPortAt, port.options.number);
  put_le<std::uint16_t>(message, ports::kEventAt, event);
  put_le<std::uint16_t>(message, ports::kValueAt, value ? 1 : 0);
  if (news == kName) {
    message.insert(message.end(), port.options.name.begin(), port.options.name.end());
  }
  const auto pieces = memory_->iovecs(chain.writable);
  if (!pieces || !chain.readable.empty() || copy_in(message, *pieces, 0) < message.size()) {
    fail(text("a control message of {} bytes does not fit into its buffer (virtio 1.2, 5.3.6.2)",
              message.size()));
    return false;
  }
  queue(ports::kControlReceive)->give_back(chain.head, static_cast<std::uint32_t>(message.size()));
  return true;
}

}  // namespace virtsev::vmm
