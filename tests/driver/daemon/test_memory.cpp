// SPDX-License-Identifier: LGPL-2.1-or-later
// Guest memory through the control protocol: libvirt's flags, pieces, and what stands against it.
#include <libvirt/libvirt.h>

#include "tests/driver/daemon/fixture.hpp"

namespace virtsev::daemon {
namespace {

class Memory : public HypervisorTest {
 protected:
  Bytes peek(const DomainHandle& domain, std::uint64_t address, std::uint32_t size) {
    return wait(driver().memory_peek(domain.uuid, address, size, VIR_MEMORY_PHYSICAL));
  }
  Error refusal(const DomainHandle& domain) {
    return error_of(driver().memory_peek(domain.uuid, 0, 16, VIR_MEMORY_PHYSICAL)).value();
  }
};

TEST_F(Memory, IsPutTogetherFromPieces) {
  const DomainHandle domain = start(define());
  const std::uint32_t size = 2 * control::kMaxMemoryRead + 100;
  const Bytes memory = peek(domain, 7, size);
  ASSERT_EQ(size, memory.size());
  for (std::uint32_t i = 0; i < size; ++i) {
    ASSERT_EQ(static_cast<std::uint8_t>(i + 7), memory[i]) << i;
  }
  EXPECT_EQ(control::kMaxMemoryRead, peek(domain, 0, control::kMaxMemoryRead).size());
}

TEST_F(Memory, OfSizeZeroAsksTheMonitorAllTheSame) {
  EXPECT_TRUE(peek(start(define()), 0, 0).empty());
  const DomainHandle closed = start(define({.name = "closed", .command_line = "memory=refuse"}));
  EXPECT_EQ(ErrorCode::kOperationDenied,
            error_of(driver().memory_peek(closed.uuid, 0, 0, VIR_MEMORY_PHYSICAL))->code());
}

TEST_F(Memory, NeedsOneKindOfAddress) {
  const DomainHandle domain = start(define());
  for (const std::uint32_t flags : {0U, 3U, 4U, 6U}) {
    EXPECT_THROW(static_cast<void>(driver().memory_peek(domain.uuid, 0, 16, flags)), Error) << flags;
  }
  wait(driver().memory_peek(domain.uuid, 0, 16, VIR_MEMORY_VIRTUAL));
}

TEST_F(Memory, OfAnInactiveDomainIsRefused) {
  EXPECT_EQ(ErrorCode::kOperationInvalid, refusal(define()).code());
}

TEST_F(Memory, ThatTheMonitorRefusesIsRefusedInItsWords) {
  const Error error = refusal(start(define({.command_line = "memory=refuse"})));
  EXPECT_EQ(ErrorCode::kOperationDenied, error.code());
  EXPECT_STREQ("NODBG", error.what());
}

TEST_F(Memory, OfAnotherLengthThanAskedIsNotPassedOn) {
  EXPECT_EQ(ErrorCode::kInternal, refusal(start(define({.command_line = "memory=short"}))).code());
}

TEST_F(Memory, IsReadAfterARestartToo) {
  const DomainHandle domain = start(define());
  restart();
  EXPECT_EQ(16U, peek(domain, 0, 16).size());
}

TEST_F(Memory, OfAnOlderMonitorIsRefusedWithoutAskingIt) {
  const DomainHandle domain = start(define({.name = "old"}));
  const pid_t monitor = monitor_of(domain);
  restart();
  const Error error = refusal(domain);
  EXPECT_EQ(ErrorCode::kOperationUnsupported, error.code());
  EXPECT_NE(std::string(error.what()).find("older"), std::string::npos) << error.what();
  EXPECT_EQ(monitor, monitor_of(domain)) << "it runs on";
}

}  // namespace
}  // namespace virtsev::daemon
