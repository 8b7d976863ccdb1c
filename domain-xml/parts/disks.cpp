// SPDX-License-Identifier: LGPL-2.1-or-later
// <disk>: raw images in files, on block devices and in volumes of libvirt's pools. virtsev gives all of them
// by virtio, whatever bus they are asked for on.
#include <algorithm>
#include <array>
#include <optional>

#include "domain-xml/parts/device_parts.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

constexpr std::size_t kMaxTarget = 32;

void refuse(const xmlNode* element, const std::string& reason, Problems& problems) {
  problems.add(ErrorCode::kConfigUnsupported, element, reason);
}

void read_kind(xmlNode* disk, DiskDefinition& read, Problems& problems) {
  const std::string device = attribute(disk, "device").value_or("disk");
  read.cdrom = device == "cdrom";
  read.read_only = read.cdrom;
  if (device != "disk" && !read.cdrom) {
    refuse(disk, text("device='{}' is not there; write device='disk', or remove the element", device),
           problems);
  }
  const std::string type = attribute(disk, "type").value_or("file");
  read.block_device = type == "block";
  if (type != "file" && type != "block" && type != "volume") {
    refuse(disk,
           text("disks of type '{}' come with the storage daemon, which is not there yet; give the guest a "
                "file, a block device or a volume (type='file', type='block', type='volume'), or remove the "
                "element",
                type),
           problems);
    set_attribute(disk, "type", "file");
  } else {
    set_attribute(disk, "type", type);
  }
  set_attribute(disk, "device", read.cdrom ? "cdrom" : "disk");
}

/// Pools and volumes have names that may be parts of paths.
bool is_object_name(const std::string& name) {
  constexpr std::size_t kMost = 1024;
  return !name.empty() && name.size() <= kMost && name == printable_line(name);
}

void read_volume(const xmlNode* disk, const xmlNode* source, DiskDefinition& read, Problems& problems) {
  read.pool = attribute(source, "pool").value_or("");
  read.volume = attribute(source, "volume").value_or("");
  if (source == nullptr && read.cdrom) {
    return;
  }
  if (!is_object_name(read.pool) || !is_object_name(read.volume)) {
    problems.add(ErrorCode::kXmlError, disk,
                 text("its volume is missing, or can't be a volume's name; write <source pool='POOL' "
                      "volume='VOLUME'/> with a volume of libvirt's (virsh vol-list POOL), or remove the "
                      "element"));
  }
  if (attribute(source, "mode") == "direct") {
    refuse(source, text("the guest's host opens the volume; write mode='host', or remove the attribute mode"),
           problems);
  }
}

void read_source(xmlNode* disk, DiskDefinition& read, Problems& problems) {
  xmlNode* source = only_child(disk, "source", problems);
  if (source != nullptr) {
    allow_only(source, {"seclabel", "privateData"}, problems);
    remove_attribute(source, "index");
  }
  if (attribute(disk, "type") == "volume") {
    read_volume(disk, source, read, problems);
    return;
  }
  const char* name = read.block_device ? "dev" : "file";
  read.path = attribute(source, name).value_or("");
  if (read.path.empty() && !read.cdrom) {
    problems.add(ErrorCode::kXmlError, disk,
                 text("its image is missing; write <source {}='/PATH'/>, or remove the element", name));
  } else if (!read.path.empty() && !read.path.starts_with('/')) {
    problems.add(
        ErrorCode::kXmlError, disk,
        text("'{}' is not an absolute path; write one that begins with /, or remove the element", read.path));
  }
}

std::optional<DiskCache> cache_named(const std::string& name) {
  constexpr std::pair<std::string_view, DiskCache> kNames[] = {{"", DiskCache::kWriteback},
                                                               {"default", DiskCache::kWriteback},
                                                               {"writeback", DiskCache::kWriteback},
                                                               {"none", DiskCache::kNone},
                                                               {"writethrough", DiskCache::kWritethrough},
                                                               {"directsync", DiskCache::kDirectsync},
                                                               {"unsafe", DiskCache::kUnsafe}};
  for (const auto& [known, cache] : kNames) {
    if (known == name) {
      return cache;
    }
  }
  return std::nullopt;
}

void read_format(const xmlNode* disk, const xmlNode* driver, Problems& problems) {
  const std::string format = attribute(driver, "type").value_or("raw");
  if (format != "raw") {
    refuse(disk,
           text("images of format '{}' come with the storage daemon, which is not there yet; make it raw "
                "(qemu-img convert -O raw) and write <driver type='raw'/>, or remove the element",
                format),
           problems);
  }
}

void read_driver(xmlNode* disk, DiskDefinition& read, Problems& problems) {
  const xmlNode* driver = only_child(disk, "driver", problems);
  if (driver == nullptr) {
    return;
  }
  read_format(disk, driver, problems);
  if (const auto cache = cache_named(attribute(driver, "cache").value_or(""))) {
    read.cache = *cache;
  }
  read.threads = attribute(driver, "io") == "threads";
  read.discard = attribute(driver, "discard") == "unmap";
  read.queues =
      static_cast<std::uint16_t>(number_in(driver, "queues", 1, machine::kMaxDiskQueues, 1, problems));
}

/// Emulated controllers that other monitors have. A disk asked for on one is given by virtio; its name, its
/// place among the disks and its serial number stay.
bool stands_for(const std::string& bus) {
  constexpr std::array<std::string_view, 5> kEmulated = {"sata", "ide", "scsi", "usb", "sd"};
  return std::find(kEmulated.begin(), kEmulated.end(), bus) != kEmulated.end();
}

/// libvirt guesses the bus by the name's first letters; ours has one.
void read_target(xmlNode* disk, DiskDefinition& read, Problems& problems) {
  xmlNode* target = only_child(disk, "target", problems);
  read.target = attribute(target, "dev").value_or("");
  const bool plain = std::all_of(read.target.begin(), read.target.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  if (read.target.empty() || read.target.size() > kMaxTarget || !plain) {
    problems.add(ErrorCode::kXmlError, disk,
                 text("its name is missing, or not letters and digits; write <target dev='vda' "
                      "bus='virtio'/>, or remove the element"));
    return;
  }
  const std::string bus = attribute(target, "bus").value_or("virtio");
  if (bus != "virtio" && !stands_for(bus)) {
    refuse(disk,
           text("disks on bus '{}' are not there; write <target dev='{}' bus='virtio'/>, which every Linux "
                "of today has a driver for",
                bus, "vd" + read.target.substr(std::min<std::size_t>(2, read.target.size()))),
           problems);
  }
  set_attribute(target, "bus", bus);
}

void read_serial_number(const xmlNode* disk, DiskDefinition& read, Problems& problems) {
  const xmlNode* serial = only_child(disk, "serial", problems);
  if (serial == nullptr) {
    return;
  }
  read.serial = trimmed(serial);
  const bool printable =
      std::all_of(read.serial.begin(), read.serial.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (read.serial.size() > machine::kMaxDiskSerial || !printable) {
    problems.add(ErrorCode::kXmlError, serial,
                 text("a disk's serial number has at most {} printable characters; shorten it, or remove "
                      "the element",
                      machine::kMaxDiskSerial));
  }
}

/// An empty one says that there is no chain of images, which a raw image never has.
void check_backing_store(const xmlNode* disk, Problems& problems) {
  for (const xmlNode* store : children_named(disk, "backingStore")) {
    if (!child_elements(store).empty() || attribute(store, "type")) {
      refuse(store, text("a raw image has no other below it; remove the element"), problems);
    }
  }
}

}  // namespace

DiskDefinition read_disk(xmlNode* disk, Problems& problems) {
  allow_only(disk,
             {"driver", "source", "backingStore", "target", "readonly", "shareable", "serial", "boot",
              "address", "alias", "iotune", "blockio", "geometry", "wwn", "vendor", "product", "mirror",
              "throttlefilters", "privateData"},
             problems);
  DiskDefinition read;
  read_kind(disk, read, problems);
  read_source(disk, read, problems);
  read_driver(disk, read, problems);
  read_target(disk, read, problems);
  read_serial_number(disk, read, problems);
  check_backing_store(disk, problems);
  read.read_only = read.read_only || only_child(disk, "readonly", problems) != nullptr;
  read.shareable = only_child(disk, "shareable", problems) != nullptr;
  read.alias = alias_of(disk, problems);
  return read;
}

}  // namespace virtsev::domain_xml
