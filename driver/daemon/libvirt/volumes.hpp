// SPDX-License-Identifier: LGPL-2.1-or-later
// Volumes of libvirt's storage pools: where the images of a guest's disks of type='volume' lie, as libvirt's
// storage daemon says. Threads: the event loop's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "domain-xml/domain_definition.hpp"
#include "driver/daemon/loop/latch.hpp"

namespace virtsev::daemon {

struct Volume {
  std::string path;           ///< Absolute
  bool block_device = false;  ///< Else a file
};
/// By the places (place_of()) of the disks, which no other device of the running guest has.
using Volumes = std::map<std::uint8_t, Volume>;

/// Of each disk of the definition that is a volume; the daemon's socket is in `directory`. Nothing where
/// `give_up` fires first. Throws Error, which names the disk and the volume: no daemon that knows pools, no
/// such pool or volume, a pool that is not active, or one that is neither a raw file nor a block device.
asio::awaitable<std::optional<Volumes>> look_up_volumes(
    asio::any_io_executor executor, std::string directory,
    std::shared_ptr<const domain_xml::DomainDefinition> definition, Latch& give_up);

}  // namespace virtsev::daemon
