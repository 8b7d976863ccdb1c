// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/device_statistics.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "driver/daemon/files/read_file.hpp"
#include "driver/daemon/lifecycle/definitions.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::daemon {
namespace {

BlockCounts::Kind counts_of(const control::DiskFigures::Kind& kind) {
  return {kind.requests, kind.bytes, kind.nanoseconds};
}

InterfaceCounts::Direction counts_of(const control::InterfaceFigures::Direction& way) {
  return {way.bytes, way.packets, way.errors, way.drops};
}

/// The figures of the device with this alias; null: none are known.
template <typename Figures>
const Figures* find(const std::vector<Figures>& all, const std::string& id) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&id](const Figures& figures) { return figures.id == id; });
  return found == all.end() ? nullptr : &*found;
}

BlockCounts counts_of_disk(const domain_xml::DomainDefinition& definition, const MaybeStatus& status,
                           std::size_t number) {
  const control::DiskFigures* figures =
      status ? find(status->disks, alias_in_use(definition.disks[number], number)) : nullptr;
  if (figures == nullptr) {
    return {};
  }
  return {counts_of(figures->read), counts_of(figures->write), counts_of(figures->flush), figures->errors};
}

InterfaceCounts counts_of_interface(const domain_xml::DomainDefinition& definition, const MaybeStatus& status,
                                    std::size_t number) {
  const control::InterfaceFigures* figures =
      status ? find(status->interfaces, alias_in_use(definition.interfaces[number], number)) : nullptr;
  if (figures == nullptr) {
    return {};
  }
  return {counts_of(figures->received), counts_of(figures->sent)};
}

/// Where a disk's image is; of a volume of libvirt's, of a running guest alone.
std::string path_of(const Domain& domain, const domain_xml::DiskDefinition& disk) {
  if (!disk.is_volume() || !domain.run) {
    return disk.path;
  }
  const auto found = domain.run->volume_paths.find(place_of(disk));
  return found == domain.run->volume_paths.end() ? std::string() : found->second;
}

std::string tap_of(const Domain& domain, std::size_t number) {
  return domain.run && number < domain.run->taps.size() ? domain.run->taps[number] : std::string();
}

std::string field(const char* group, std::size_t number, const char* name) {
  return std::string(group) + "." + std::to_string(number) + "." + name;
}

}  // namespace

const domain_xml::DiskDefinition& disk_named(const domain_xml::DomainDefinition& definition,
                                             const std::string& name) {
  for (const domain_xml::DiskDefinition& disk : definition.disks) {
    if (disk.target == name || (!disk.path.empty() && disk.path == name)) {
      return disk;
    }
  }
  throw Error(
      ErrorCode::kInvalidArgument,
      text("invalid argument: the domain has no disk '{}'; virsh domblklist shows those that it has", name));
}

BlockCounts block_counts_of(const Domain& domain, const MaybeStatus& status, const std::string& name) {
  const domain_xml::DomainDefinition& definition = *domain.run->definition;
  const domain_xml::DiskDefinition& disk = disk_named(definition, name);
  return counts_of_disk(definition, status, static_cast<std::size_t>(&disk - definition.disks.data()));
}

InterfaceCounts interface_counts_of(const Domain& domain, const MaybeStatus& status,
                                    const std::string& name) {
  const domain_xml::DomainDefinition& definition = *domain.run->definition;
  for (std::size_t i = 0; i < definition.interfaces.size(); ++i) {
    if ((!name.empty() && tap_of(domain, i) == name) ||
        domain_xml::format_mac(definition.interfaces[i].mac) == name) {
      return counts_of_interface(definition, status, i);
    }
  }
  throw Error(ErrorCode::kInvalidArgument,
              text("invalid argument: the domain has no interface '{}'; virsh domiflist shows those that it "
                   "has, and one without a tap device has its MAC address for a name",
                   name));
}

void add_disks(std::vector<TypedParameter>& out, const Domain& domain, const MaybeStatus& status) {
  const DefinitionPtr definition = definition_of(domain, false);
  if (!definition) {
    return;
  }
  out.push_back({"block.count", static_cast<std::uint32_t>(definition->disks.size())});
  for (std::size_t i = 0; i < definition->disks.size(); ++i) {
    const auto add = [&](const char* name, auto value) { out.push_back({field("block", i, name), value}); };
    add("name", definition->disks[i].target);
    if (const std::string path = path_of(domain, definition->disks[i]); !path.empty()) {
      add("path", path);
    }
    if (status) {
      const BlockCounts counts = counts_of_disk(*definition, status, i);
      add("rd.reqs", counts.read.requests);
      add("rd.bytes", counts.read.bytes);
      add("rd.times", counts.read.nanoseconds);
      add("wr.reqs", counts.write.requests);
      add("wr.bytes", counts.write.bytes);
      add("wr.times", counts.write.nanoseconds);
      add("fl.reqs", counts.flush.requests);
      add("fl.times", counts.flush.nanoseconds);
      add("errors", counts.errors);
    }
  }
}

void add_interfaces(std::vector<TypedParameter>& out, const Domain& domain, const MaybeStatus& status) {
  const DefinitionPtr definition = definition_of(domain, false);
  if (!definition) {
    return;
  }
  out.push_back({"net.count", static_cast<std::uint32_t>(definition->interfaces.size())});
  for (std::size_t i = 0; i < definition->interfaces.size(); ++i) {
    const auto add = [&](const char* name, auto value) { out.push_back({field("net", i, name), value}); };
    if (const std::string tap = tap_of(domain, i); !tap.empty()) {
      add("name", tap);
    }
    if (status) {
      const InterfaceCounts counts = counts_of_interface(*definition, status, i);
      add("rx.bytes", counts.received.bytes);
      add("rx.pkts", counts.received.packets);
      add("rx.errs", counts.received.errors);
      add("rx.drop", counts.received.drops);
      add("tx.bytes", counts.sent.bytes);
      add("tx.pkts", counts.sent.packets);
      add("tx.errs", counts.sent.errors);
      add("tx.drop", counts.sent.drops);
    }
  }
}

BlockInfo block_info_of(const std::string& path) {
  const auto fail = [&path]() -> Error {
    return {ErrorCode::kSystemError, text("the image '{}' can't be looked at: {}", path, error_text(errno))};
  };
  const UniqueFd image(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!image || ::fstat(image.get(), &status) != 0) {
    throw fail();
  }
  BlockInfo info;
  info.physical = static_cast<std::uint64_t>(status.st_size);
  constexpr std::uint64_t kBlock = 512;  // stat(2)
  info.allocation = static_cast<std::uint64_t>(status.st_blocks) * kBlock;
  if (S_ISBLK(status.st_mode)) {
    if (::ioctl(image.get(), BLKGETSIZE64, &info.physical) != 0) {
      throw fail();
    }
    info.allocation = info.physical;
  }
  info.capacity = info.physical;
  return info;
}

}  // namespace virtsev::daemon
