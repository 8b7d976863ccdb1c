// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks that are volumes of libvirt's pools: looked up at the start.
#include <fstream>

#include <libvirt/libvirt.h>

#include "tests/driver/daemon/libvirt/objects_fixture.hpp"

namespace virtsev::daemon::test {
namespace {

constexpr std::int32_t kPool = 84, kIsActive = 154, kVolume = 95, kInfo = 98, kXml = 99, kPath = 100;
constexpr std::int32_t kStorageDomain = 18;

std::string volume_disk(const std::string& pool, const std::string& volume,
                        const std::string& device = "disk") {
  return "<disk type='volume' device='" + device + "'><source pool='" + pool + "' volume='" + volume +
         "'/><target dev='vda' bus='virtio'/></disk>";
}

class VolumesTest : public ObjectsTest {
 protected:
  void SetUp() override {
    std::ofstream(path("image")) << std::string(1U << 20, 'x');
    listen();
  }
  void TearDown() override { daemon_.reset(); }
  void listen() {
    daemon_.emplace(
        loop(), socket("libvirt-sock-ro"),
        [this](Connection& connection, const Message& message) { return answer(connection, message); });
  }
  bool answer(Connection& connection, const Message& message) {
    xdr::Decoder in(message.payload);
    xdr::Encoder out;
    const std::string name = in.get_string(kMaxText);
    switch (message.header.procedure) {
      case kPool:
        out.put_string(name);
        out.put_fixed_opaque(uuid_of(9));
        break;
      case kIsActive:
        out.put_int32(name == "asleep" ? 0 : 1);
        break;
      case kVolume: {
        Uuid uuid{};
        in.get_fixed_opaque(uuid);
        EXPECT_EQ(uuid, uuid_of(9));
        const std::string volume = in.get_string(kMaxText);
        if (volume == "none.img") {
          connection.fail(message.header, 50, kStorageDomain, "Storage volume not found: 'none.img'");
          return true;
        }
        out.put_string(name);
        out.put_string(volume);
        out.put_string("key");
        break;
      }
      case kInfo:
        out.put_int32(type_);
        out.put_uint64(1U << 20);
        out.put_uint64(1U << 20);
        break;
      case kXml:
        out.put_string("<volume><target><format type='" + format_ + "'/></target></volume>");
        break;
      case kPath:
        out.put_string(where_.empty() ? path("image") : where_);
        break;
      default:
        return false;
    }
    connection.reply(message.header, out.bytes());
    return true;
  }
  std::string path_shown(const DomainHandle& domain) {
    for (const DomainStatistics& one :
         wait(driver().statistics({domain.uuid}, VIR_DOMAIN_STATS_BLOCK, true))) {
      for (const TypedParameter& parameter : one.parameters) {
        if (parameter.field == "block.0.path") {
          return std::get<std::string>(parameter.value);
        }
      }
    }
    return "none";
  }

  std::optional<FakeDaemon> daemon_;
  std::int32_t type_ = 0;
  std::string format_ = "raw";
  std::string where_;
};

TEST_F(VolumesTest, AreGivenAsTheFilesThatTheyAre) {
  const DomainHandle domain = start(define_with(volume_disk("images", "disk.img")));
  EXPECT_EQ(path_shown(domain), path("image"));
  EXPECT_EQ(wait(driver().block_info(domain.uuid, "vda", 0)).capacity, 1U << 20);
  for (const std::uint32_t flags : {0U, static_cast<std::uint32_t>(VIR_DOMAIN_XML_INACTIVE)}) {
    EXPECT_TRUE(shows(domain, "<disk type='volume' device='disk'>", flags));
    EXPECT_TRUE(shows(domain, "<source pool='images' volume='disk.img'/>", flags));
  }
  // Nothing is changed there, so the read-only socket serves.
  ASSERT_EQ(daemon_->connections.size(), 1U);
  EXPECT_EQ(daemon_->connections[0]->procedures(),
            (std::vector<std::int32_t>{66, 1, kPool, kIsActive, kVolume, kInfo, kXml, kPath}));
}

TEST_F(VolumesTest, AreKnownToTheNextVirtsevd) {
  const DomainHandle domain = start(define_with(volume_disk("images", "disk.img")));
  daemon_.reset();
  restart();
  wait_until([&] { return driver().state(domain.uuid).state == VIR_DOMAIN_RUNNING; });
  EXPECT_EQ(path_shown(domain), path("image"));
  EXPECT_EQ(wait(driver().block_info(domain.uuid, "vda", 0)).capacity, 1U << 20);
}

TEST_F(VolumesTest, OfAGuestThatDoesNotRunAreLookedUpToo) {
  const DomainHandle domain = define_with(volume_disk("images", "disk.img"));
  EXPECT_EQ(wait(driver().block_info(domain.uuid, "vda", 0)).capacity, 1U << 20);
}

TEST_F(VolumesTest, WithoutADaemonAStartIsRefusedWithWhatToDo) {
  daemon_.reset();
  EXPECT_EQ(refusal_of_start(define_with(volume_disk("images", "disk.img"))),
            "<disk> vda: the volume 'disk.img' is in libvirt's pool 'images', and none of its daemons "
            "listens in " +
                layout_.socket_directory +
                ": start one (systemctl start virtstoraged, or libvirtd), or write type='file' with the "
                "image's path");
}

TEST_F(VolumesTest, OfAnInactivePoolAreRefusedByItsName) {
  const auto error = error_of(driver().start(define_with(volume_disk("asleep", "disk.img")).uuid, 0, 1));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kOperationInvalid);
  EXPECT_STREQ(error->what(),
               "<disk> vda: the storage pool 'asleep' is not active: start it (virsh pool-start asleep), "
               "then the guest");
}

TEST_F(VolumesTest, ThatAreNotThereAreRefusedInTheDaemonsWords) {
  EXPECT_EQ(refusal_of_start(define_with(volume_disk("images", "none.img"))),
            "<disk> vda: Storage volume not found: 'none.img'");
}

TEST_F(VolumesTest, ThatAreNotRawAreRefusedByTheirNames) {
  const DomainHandle domain = define_with(volume_disk("images", "disk.img"));
  for (const std::string format : {"qcow2", "iso", "unknown"}) {
    format_ = format;
    EXPECT_TRUE(holds(refusal_of_start(domain),
                      "<disk> vda: the volume 'disk.img' of the pool 'images' is an "
                      "image of format '" +
                          format + "'"));
  }
}

TEST_F(VolumesTest, OfDiscsMayBeDiscs) {
  format_ = "iso";
  start(define_with(volume_disk("images", "disc.iso", "cdrom")));
}

TEST_F(VolumesTest, ThatTheHostCantOpenAreRefused) {
  const DomainHandle domain = define_with(volume_disk("images", "disk.img"));
  type_ = 3;  // VIR_STORAGE_VOL_NETWORK
  EXPECT_TRUE(holds(refusal_of_start(domain), "is neither a file nor a block device of this host"));
  type_ = 0;
  for (const std::string where : {"relative", "/with\na line", "/nowhere/at/all"}) {
    where_ = where;
    EXPECT_TRUE(holds(refusal_of_start(domain), "<disk> vda: ")) << where;
  }
}

}  // namespace
}  // namespace virtsev::daemon::test
