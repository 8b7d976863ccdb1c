// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/virtsev/open_disks.hpp"

#include <fcntl.h>

#include "driver/spec-from-xml/open_file.hpp"
#include "driver/spec-from-xml/virtsev/image_lock.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::spec {
namespace {

using domain_xml::DiskCache;
using domain_xml::DiskDefinition;

int flags_of(const DiskDefinition& disk) {
  const bool direct = disk.cache == DiskCache::kNone || disk.cache == DiskCache::kDirectsync;
  return (disk.read_only ? O_RDONLY : O_RDWR) | (direct ? O_DIRECT : 0);
}

Disk::Flush flush_of(DiskCache cache) {
  if (cache == DiskCache::kUnsafe) {
    return Disk::Flush::kNever;
  }
  const bool always = cache == DiskCache::kWritethrough || cache == DiskCache::kDirectsync;
  return always ? Disk::Flush::kAlways : Disk::Flush::kAsked;
}

}  // namespace

OpenedDisk open_disk(const DiskDefinition& definition, std::size_t number) {
  const std::string element = "<disk> " + definition.target;
  OpenedDisk opened;
  opened.id = alias_in_use(definition, number);
  opened.address = {definition.slot, definition.port};
  opened.image = open_file(element, definition.path, flags_of(definition));
  if (!lock_image(opened.image.get(), {!definition.read_only, definition.shareable})) {
    throw Error(ErrorCode::kOperationFailed,
                text("{}: '{}' is in use: another guest, or a tool, writes it, or allows no other writer; "
                     "end that one, give this guest an image of its own, or write <shareable/> for both",
                     element, definition.path));
  }
  opened.disk.image = {opened.image.get(), definition.path};
  opened.disk.read_only = definition.read_only;
  opened.disk.discard = definition.discard;
  opened.disk.threads = definition.threads;
  opened.disk.serial = definition.serial;
  opened.disk.flush = flush_of(definition.cache);
  opened.disk.queues = definition.queues;
  return opened;
}

std::vector<OpenedDisk> open_disks(const domain_xml::DomainDefinition& definition) {
  std::vector<OpenedDisk> opened;
  for (std::size_t i = 0; i < definition.disks.size(); ++i) {
    if (!definition.disks[i].path.empty()) {
      opened.push_back(open_disk(definition.disks[i], i));
    }
  }
  return opened;
}

}  // namespace virtsev::spec
