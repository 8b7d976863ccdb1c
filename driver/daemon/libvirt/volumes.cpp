// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/libvirt/volumes.hpp"

#include <utility>

#include "domain-xml/volume_format.hpp"
#include "driver/daemon/libvirt/beside.hpp"
#include "driver/daemon/relay/own_talk.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/printable.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

using domain_xml::DiskDefinition;
using relay::OwnTalk;

// REMOTE_PROC_STORAGE_POOL_LOOKUP_BY_NAME and so on, of libvirt's src/remote/remote_protocol.x.
constexpr std::int32_t kPoolLookupByName = 84, kPoolIsActive = 154, kVolumeLookupByName = 95,
                       kVolumeGetInfo = 98, kVolumeXml = 99, kVolumePath = 100;
// virStorageVolType.
constexpr std::int32_t kFile = 0, kBlock = 1;
constexpr std::uint32_t kMaxText = 4U << 20;  // REMOTE_STRING_MAX
constexpr std::uint32_t kMaxPath = 4096;

void require_ok(const xdr::Decoder& in) {
  if (!in.ok()) {
    throw Error(ErrorCode::kRpc, text("the answer of libvirt's storage daemon is not one of its protocol"));
  }
}

/// remote_nonnull_storage_pool, as it is sent back.
asio::awaitable<Bytes> look_up_pool(OwnTalk& talk, const std::string& name) {
  xdr::Encoder question;
  question.put_string(name);
  Bytes pool = co_await talk.ask(kPoolLookupByName, question.take());
  const Bytes answer = co_await talk.ask(kPoolIsActive, pool);
  xdr::Decoder active(answer);
  if (active.get_int32() == 0 && active.ok()) {
    throw Error(ErrorCode::kOperationInvalid,
                text("the storage pool '{}' is not active: start it (virsh pool-start {}), then the guest",
                     name, name));
  }
  require_ok(active);
  co_return std::move(pool);
}

/// Throws where what it holds is not a raw image.
asio::awaitable<void> check_format(OwnTalk& talk, const DiskDefinition& disk, const Bytes& volume) {
  xdr::Encoder question;
  question.put_fixed_opaque(volume);
  question.put_uint32(0);  // flags
  const Bytes answer = co_await talk.ask(kVolumeXml, question.take());
  xdr::Decoder in(answer);
  const std::string xml = in.get_string(kMaxText);
  require_ok(in);
  const std::string format = domain_xml::format_of_volume(xml);
  const bool disc = disk.cdrom && format == "iso";
  if (format != "raw" && !disc) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("the volume '{}' of the pool '{}' is an image of format '{}', and guests get raw ones: "
                     "make a raw volume of it (virsh vol-create-from with <format type='raw'/>)",
                     disk.volume, disk.pool, format));
  }
}

asio::awaitable<Volume> look_up(OwnTalk& talk, const DiskDefinition& disk) {
  const Bytes pool = co_await look_up_pool(talk, disk.pool);
  xdr::Encoder question;
  question.put_fixed_opaque(pool);
  question.put_string(disk.volume);
  const Bytes volume = co_await talk.ask(kVolumeLookupByName, question.take());
  const Bytes answer = co_await talk.ask(kVolumeGetInfo, volume);
  xdr::Decoder info(answer);
  const std::int32_t type = info.get_int32();
  require_ok(info);
  if (type != kFile && type != kBlock) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("the volume '{}' of the pool '{}' is neither a file nor a block device of this host; "
                     "choose one that is",
                     disk.volume, disk.pool));
  }
  if (type == kFile) {
    co_await check_format(talk, disk, volume);
  }
  const Bytes where = co_await talk.ask(kVolumePath, volume);
  xdr::Decoder in(where);
  Volume found{in.get_string(kMaxPath), type == kBlock};
  require_ok(in);
  if (!found.path.starts_with('/') || found.path != printable_line(found.path)) {
    throw Error(ErrorCode::kConfigUnsupported,
                text("the volume '{}' of the pool '{}' has no path on this host that can be opened",
                     disk.volume, disk.pool));
  }
  co_return std::move(found);
}

asio::awaitable<Volumes> look_up_all(asio::any_io_executor executor, std::string directory,
                                     std::shared_ptr<const domain_xml::DomainDefinition> definition) {
  Volumes volumes;
  std::shared_ptr<OwnTalk> talk;
  for (const DiskDefinition& disk : definition->disks) {
    if (!disk.is_volume()) {
      continue;
    }
    try {
      if (!talk) {
        talk = co_await OwnTalk::open(executor, directory, relay::Kind::kStorage, true);
      }
      if (!talk) {
        throw Error(ErrorCode::kOperationFailed,
                    text("the volume '{}' is in libvirt's pool '{}', and none of its daemons listens in {}: "
                         "start one (systemctl start virtstoraged, or libvirtd), or write type='file' with "
                         "the image's path",
                         disk.volume, disk.pool, directory));
      }
      Volume volume = co_await look_up(*talk, disk);
      volumes.emplace(place_of(disk), std::move(volume));
    } catch (const Error& error) {
      throw Error(error.code(), text("<disk> {}: {}", disk.target, printable_line(error.what())));
    }
  }
  co_return std::move(volumes);
}

}  // namespace

asio::awaitable<std::optional<Volumes>> look_up_volumes(
    asio::any_io_executor executor, std::string directory,
    std::shared_ptr<const domain_xml::DomainDefinition> definition, Latch& give_up) {
  std::function<asio::awaitable<Volumes>()> work = [executor, directory, definition] {
    return look_up_all(executor, directory, definition);
  };
  return beside<Volumes>(
      std::move(executor), std::move(work), [](const Volumes&) {}, give_up);
}

}  // namespace virtsev::daemon
