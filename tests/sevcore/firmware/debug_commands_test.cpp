// SPDX-License-Identifier: LGPL-2.1-or-later
// DBG_DECRYPT and DBG_ENCRYPT: only where policy lets the host look.
#include <numeric>

#include "tests/sevcore/firmware/firmware_fixture.hpp"

namespace virtsev::sevcore {
namespace {

using enum FirmwareStatus;

class DebugCommandsTest : public FirmwareTest {
 protected:
  DebugCommandsTest() {
    std::iota(page_.begin(), page_.end(), std::uint8_t{1});
    EXPECT_EQ(start(Policy(0), handle_), kSuccess);
    EXPECT_EQ(activate(handle_, kSevAsid), kSuccess);
  }

  std::uint32_t handle_ = 0;
};

TEST_F(DebugCommandsTest, ReadsAndWritesGuestMemory) {
  ASSERT_EQ(debug(MailboxCommand::kDebugDecrypt, handle_, page_, secret_), kSuccess);
  EXPECT_TRUE(std::equal(secret_.begin(), secret_.end(), page_.begin()));
  secret_.fill(0xee);
  const auto to = MutableBytes(page_).subspan(16, secret_.size());
  ASSERT_EQ(debug(MailboxCommand::kDebugEncrypt, handle_, secret_, to), kSuccess);
  EXPECT_TRUE(std::equal(to.begin(), to.end(), secret_.begin()));
  EXPECT_EQ(page_[15], 16);
}

TEST_F(DebugCommandsTest, CopiesMoreThanAPieceWhole) {
  Bytes memory(2 * (160 * 1024 + 16));
  const MutableBytes all(reinterpret_cast<std::uint8_t*>(round_up(address_of(memory), 16)),
                         memory.size() - 16);
  const auto from = all.first(160 * 1024);
  const auto to = all.subspan(from.size(), from.size());
  std::iota(from.begin(), from.end(), std::uint8_t{3});
  ASSERT_EQ(debug(MailboxCommand::kDebugDecrypt, handle_, from, to), kSuccess);
  EXPECT_TRUE(std::equal(from.begin(), from.end(), to.begin()));
}

TEST_F(DebugCommandsTest, AreRefusedWhereThePolicySaysNodbg) {
  std::uint32_t closed = 0;
  ASSERT_EQ(start(kEsPolicy, closed), kSuccess);
  ASSERT_EQ(activate(closed, kEsAsid), kSuccess);
  const auto before = page_;
  EXPECT_EQ(debug(MailboxCommand::kDebugDecrypt, closed, page_, secret_), kPolicyFailure);
  EXPECT_EQ(secret_, (ByteArray<256>{}));
  EXPECT_EQ(debug(MailboxCommand::kDebugEncrypt, closed, secret_, MutableBytes(page_).first(256)),
            kPolicyFailure);
  EXPECT_EQ(page_, before);
}

TEST_F(DebugCommandsTest, TakeUnitsOf16BytesAlone) {
  for (const auto command : {MailboxCommand::kDebugDecrypt, MailboxCommand::kDebugEncrypt}) {
    const MutableBytes to(secret_);
    EXPECT_EQ(debug(command, handle_, ByteView(page_).subspan(8), to), kInvalidAddress);
    EXPECT_EQ(debug(command, handle_, page_, to.subspan(8, 16)), kInvalidAddress);
    EXPECT_EQ(debug(command, handle_, page_, to.first(8)), kInvalidLength);
    EXPECT_EQ(debug(command, handle_, page_, to.first(0)), kInvalidLength);
    EXPECT_EQ(debug(command, handle_, {}, to), kInvalidAddress) << "null is not memory";
    DebugBuffer reserved{handle_, 1, address_of(page_), address_of(secret_), 16};
    EXPECT_EQ(run(command, reserved), kInvalidParameter);
  }
}

}  // namespace
}  // namespace virtsev::sevcore
