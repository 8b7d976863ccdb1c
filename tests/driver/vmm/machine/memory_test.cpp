// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's memory, read for debugging: on real KVM, decrypted by the simulated firmware.
#include "driver/boot/memory_layout.hpp"
#include "tests/driver/vmm/machine/tiny_guest_test.hpp"

namespace virtsev::vmm::test {
namespace {

using control::AddressKind;
using control::ReadMemory;

constexpr std::uint32_t kDebuggable = 0;
constexpr std::uint32_t kDebuggableEs = 4;

class DebuggedGuest : public TinyGuestTest {
 protected:
  control::Start with_policy(const TinyGuest& guest, std::uint32_t policy) {
    control::Start start = prepare(guest);
    start.boot.policy = policy;
    return start;
  }
  std::string read(std::uint64_t address, std::uint32_t length, AddressKind kind = AddressKind::kPhysical) {
    const auto memory = call<control::MemoryContent>(ReadMemory{address, length, kind});
    return {memory.bytes.begin(), memory.bytes.end()};
  }
};

TEST_F(DebuggedGuest, ShowsItsCommandLineBeforeItsFirstInstructionAndAfter) {
  control::Start start = with_policy(TinyGuest().print("a").spin(), kDebuggable);
  start.boot.command_line = "console=ttyS0 secret=hunter2";
  launch(start);
  const std::uint64_t place = boot::layout::kCommandLine.start.value();
  EXPECT_EQ(read(place, 28), "console=ttyS0 secret=hunter2");
  resume();
  ASSERT_TRUE(console_shows("a"));
  EXPECT_EQ(read(place + 14, 14), "secret=hunter2");
  EXPECT_EQ(read(place, 14, AddressKind::kVirtual), "console=ttyS0 ") << "paging is off: one and the same";
  EXPECT_EQ(call<control::Status>(control::Query{}).state, control::RunState::kRunning);
}

TEST_F(DebuggedGuest, OfSevEsShowsMemoryButNotWhereItsPageTablesAre) {
  launch(with_policy(TinyGuest().spin(), kDebuggableEs));
  EXPECT_EQ(read(boot::layout::kCommandLine.start.value(), 7), "console");
  const auto failure = call_failing(ReadMemory{0x1000, 16, AddressKind::kVirtual});
  EXPECT_EQ(failure.code, ErrorCode::kOperationUnsupported);
  EXPECT_NE(failure.text.find("SEV-ES"), std::string::npos) << failure.text;
}

TEST_F(DebuggedGuest, WhosePolicyForbidsItStaysClosed) {
  launch(with_policy(TinyGuest().spin(), 1));
  for (const AddressKind kind : {AddressKind::kPhysical, AddressKind::kVirtual}) {
    const auto failure = call_failing(ReadMemory{0x8000, 16, kind});
    EXPECT_EQ(failure.code, ErrorCode::kOperationDenied);
    EXPECT_NE(failure.text.find("NODBG"), std::string::npos) << failure.text;
  }
}

TEST_F(DebuggedGuest, WithoutSevIsReadPlainly) {
  control::Start start = prepare(TinyGuest().spin());
  start.boot.unprotected = true;
  launch(start);
  EXPECT_EQ(read(boot::layout::kCommandLine.start.value(), 7), "console");
}

TEST_F(DebuggedGuest, HasNoMemoryOutsideItsRam) {
  launch(with_policy(TinyGuest().spin(), kDebuggable));
  EXPECT_EQ(call_failing(ReadMemory{128ULL << 20, 16, AddressKind::kPhysical}).code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(call_failing(ReadMemory{0, control::kMaxMemoryRead + 1, AddressKind::kPhysical}).code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(read(0, control::kMaxMemoryRead).size(), control::kMaxMemoryRead);
}

TEST_F(DebuggedGuest, IsRefusedBeforeThereIsOne) {
  EXPECT_EQ(call_failing(ReadMemory{0, 16, AddressKind::kPhysical}).code, ErrorCode::kOperationInvalid);
}

}  // namespace
}  // namespace virtsev::vmm::test
