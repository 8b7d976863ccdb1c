// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's memory, read and written for debugging: on real KVM, through the simulated firmware.
#include "sevcore/machine/memory_layout.hpp"
#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/guest/debugged_guest.hpp"

namespace virtsev::vmm::test {
namespace {

using control::AddressKind;
using control::ReadMemory;

/// RAM that nothing is loaded into.
constexpr std::uint32_t kFree = 0x2000000;

TEST_F(DebuggedGuest, ShowsItsCommandLineBeforeItsFirstInstructionAndAfter) {
  control::Start start = with_policy(TinyGuest().print("a").spin(), kDebuggable);
  boot::test::payload(start.machine).command_line = "console=ttyS0 secret=hunter2";
  launch(start);
  const std::uint64_t place = layout::kCommandLine.start.value();
  EXPECT_EQ(read(place, 28), "console=ttyS0 secret=hunter2");
  resume();
  ASSERT_TRUE(console_shows("a"));
  EXPECT_EQ(read(place + 14, 14), "secret=hunter2");
  EXPECT_EQ(read(place, 14, AddressKind::kVirtual), "console=ttyS0 ") << "paging is off: one and the same";
  EXPECT_EQ(call<control::Status>(control::Query{}).state, control::RunState::kRunning);
}

TEST_F(DebuggedGuest, OfSevEsShowsMemoryButNotWhereItsPageTablesAre) {
  launch(with_policy(TinyGuest().spin(), kDebuggableEs));
  EXPECT_EQ(read(layout::kCommandLine.start.value(), 7), "console");
  const auto failure = call_failing(ReadMemory{0x1000, 16, AddressKind::kVirtual});
  EXPECT_EQ(failure.code, ErrorCode::kOperationUnsupported);
  EXPECT_NE(failure.text.find("SEV-ES"), std::string::npos) << failure.text;
}

TEST_F(DebuggedGuest, WhosePolicyForbidsItStaysClosed) {
  launch(with_policy(TinyGuest().spin(), kClosed));
  for (const AddressKind kind : {AddressKind::kPhysical, AddressKind::kVirtual}) {
    const auto failure = call_failing(ReadMemory{0x8000, 16, kind});
    EXPECT_EQ(failure.code, ErrorCode::kOperationDenied);
    EXPECT_NE(failure.text.find("NODBG"), std::string::npos) << failure.text;
    EXPECT_EQ(call_failing(writing(0x8000, "x", kind)).code, ErrorCode::kOperationDenied);
  }
  EXPECT_EQ(call_failing(control::ListMemory{}).code, ErrorCode::kOperationDenied);
}

TEST_F(DebuggedGuest, SeesWhatADebuggerWrote) {
  launch(with_policy(TinyGuest().print("?").echo_one_byte().print_memory(kFree, 16).print("].").spin(),
                     kDebuggable));
  write(writing(kFree, std::string(16, '.')));
  resume();
  ASSERT_TRUE(console_shows("?"));
  write(writing(kFree + 3, "while it"));
  write(writing(kFree + 12, "ran", AddressKind::kVirtual));
  EXPECT_EQ(state(), control::RunState::kRunning);
  EXPECT_EQ(read(kFree, 16), "...while it.ran.");
  monitor_->type("[");
  EXPECT_TRUE(console_shows("[...while it.ran.]."));
}

TEST_F(DebuggedGuest, OfSevEsIsWrittenByPhysicalAddressesAlone) {
  launch(with_policy(TinyGuest().print("[").print_memory(kFree, 4).print("]").spin(), kDebuggableEs));
  write(writing(kFree + kPageSize - 3, "across"));
  EXPECT_EQ(read(kFree + kPageSize - 3, 6), "across");
  write(writing(kFree, "seen"));
  EXPECT_EQ(call_failing(writing(kFree, "x", AddressKind::kVirtual)).code, ErrorCode::kOperationUnsupported);
  resume();
  EXPECT_TRUE(console_shows("[seen]"));
}

TEST_F(DebuggedGuest, ListsItsRam) {
  control::Start start = with_policy(TinyGuest().spin(), kDebuggableEs);
  start.machine.memory_bytes = 6ULL << 30;
  launch(start);
  const auto list = call<control::MemoryRanges>(control::ListMemory{}).ranges;
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].start, 0U);
  EXPECT_EQ(list[1].start, 4ULL << 30);
  EXPECT_EQ(list[0].size + list[1].size, 6ULL << 30);
}

TEST_F(DebuggedGuest, HasAsManyVcpusAsItSays) {
  control::Start start = with_policy(TinyGuest().spin(), kDebuggable);
  start.machine.vcpus = 2;
  launch(start);
  EXPECT_EQ(call<control::MemoryContent>(ReadMemory{0x1000, 8, AddressKind::kVirtual, 1}).bytes.size(), 8U);
  for (const auto& request :
       std::vector<control::Request>{ReadMemory{0x1000, 16, AddressKind::kVirtual, 2},
                                     control::WriteMemory{0x1000, AddressKind::kVirtual, 2, Bytes(1)},
                                     control::ReadRegisters{2}, control::WriteRegisters{2, {}}}) {
    const auto failure = call_failing(request);
    EXPECT_EQ(failure.code, ErrorCode::kInvalidArgument);
    EXPECT_NE(failure.text.find("no vCPU 2; it has 2"), std::string::npos) << failure.text;
  }
}

TEST_F(DebuggedGuest, WithoutSevIsReadPlainly) {
  control::Start start = prepare(TinyGuest().spin());
  start.machine.protection = sevcore::Unprotected{};
  launch(start);
  EXPECT_EQ(read(layout::kCommandLine.start.value(), 7), "console");
  write(writing(kFree, "plain"));
  EXPECT_EQ(read(kFree, 5, AddressKind::kVirtual), "plain");
}

TEST_F(DebuggedGuest, HasNoMemoryOutsideItsRam) {
  launch(with_policy(TinyGuest().spin(), kDebuggable));
  EXPECT_EQ(call_failing(ReadMemory{128ULL << 20, 16, AddressKind::kPhysical}).code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(call_failing(ReadMemory{0, control::kMaxMemoryRead + 1, AddressKind::kPhysical}).code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(read(0, control::kMaxMemoryRead).size(), control::kMaxMemoryRead);
  EXPECT_EQ(call_failing(writing((128ULL << 20) - 2, "abc")).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read((128ULL << 20) - 2, 2), std::string(2, '\0')) << "a range that is half in RAM is left alone";
  write(writing(kFree, std::string(control::kMaxMemoryWrite, 'x')));
}

TEST_F(DebuggedGuest, IsRefusedBeforeThereIsOne) {
  EXPECT_EQ(call_failing(ReadMemory{0, 16, AddressKind::kPhysical}).code, ErrorCode::kOperationInvalid);
}

}  // namespace
}  // namespace virtsev::vmm::test
