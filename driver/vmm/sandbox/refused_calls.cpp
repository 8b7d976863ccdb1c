// SPDX-License-Identifier: LGPL-2.1-or-later
// Between the signal and the end nothing is allocated, and nothing is locked: all texts are made before.
#include "driver/vmm/sandbox/refused_calls.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include <seccomp.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "driver/control/codec.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr int kStatus = 128 + SIGSYS;  // As a shell has it for a process that the signal ended
constexpr std::size_t kLongestCall = 64;
constexpr std::size_t kCalls = 512;

/// What is written for a call whose description has a certain number of bytes, which are left open.
struct Content {
  std::string line;  ///< For standard error
  std::size_t place_in_line = 0;
  Bytes end_file;
  std::size_t place_in_end_file = 0;
};

struct Prepared {
  std::array<std::string, kCalls> names;
  std::array<Content, kLongestCall + 1> contents;
  int end_file = -1;
};
Prepared* prepared = nullptr;

Content content_for(std::size_t size) {
  const std::string placeholder(size, '\x01');
  const std::string told = text(
      "the domain's monitor tried the system call {}, which is none that it needs: its sandbox refused "
      "it and ended the monitor. A guest may have taken it over: keep this log, and report it as a "
      "fault of virtsev",
      placeholder);
  Content content;
  content.line = "virtsev-vmm: " + told + "\n";
  content.place_in_line = content.line.find(placeholder);
  content.end_file = control::end_file_content({control::EndReason::kError, told});
  const std::string_view view(reinterpret_cast<const char*>(content.end_file.data()),
                              content.end_file.size());
  content.place_in_end_file = view.find(told) + told.find(placeholder);
  return content;
}

/// A text of limited length, without the C library's formatting, which may allocate.
class Line {
 public:
  Line& operator+=(std::string_view piece) {
    for (const char character : piece.substr(0, kLongestCall - size_)) {
      characters_[size_++] = character;
    }
    return *this;
  }
  Line& number(std::uint64_t value, unsigned base) {
    std::array<char, 24> digits{};
    std::size_t first = digits.size();
    do {
      digits[--first] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    return *this += std::string_view(digits.data() + first, digits.size() - first);
  }
  [[nodiscard]] std::string_view view() const { return {characters_.data(), size_}; }

 private:
  std::array<char, kLongestCall> characters_{};
  std::size_t size_ = 0;
};

/// "execve (59)", "ioctl (16, request 0xae01)".
Line describe(int call, std::uint64_t second_argument) {
  Line line;
  const auto index = static_cast<std::size_t>(call);
  if (index < kCalls && !prepared->names[index].empty()) {
    line += prepared->names[index];
    line += " ";
  }
  line += "(";
  line.number(static_cast<std::uint32_t>(call), 10);
  if (call == SYS_ioctl) {
    line += ", request 0x";
    line.number(second_argument, 16);
  }
  return line += ")";
}

[[noreturn]] void on_refused(int, siginfo_t* info, void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  const Line call = describe(info->si_syscall, static_cast<std::uint64_t>(registers[REG_RSI]));
  Content& content = prepared->contents[call.view().size()];
  std::memcpy(content.line.data() + content.place_in_line, call.view().data(), call.view().size());
  std::memcpy(content.end_file.data() + content.place_in_end_file, call.view().data(), call.view().size());
  (void)!::write(STDERR_FILENO, content.line.data(), content.line.size());
  (void)!::pwrite(prepared->end_file, content.end_file.data(), content.end_file.size(), 0);
  ::_exit(kStatus);
}

}  // namespace

void name_refused_calls() {
  static Prepared texts;
  for (std::size_t call = 0; call < kCalls; ++call) {
    if (char* name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(call))) {
      texts.names[call] = name;
      std::free(name);
    }
  }
  for (std::size_t size = 0; size < texts.contents.size(); ++size) {
    texts.contents[size] = content_for(size);
  }
  prepared = &texts;
  struct sigaction action {};
  action.sa_sigaction = [](int number, siginfo_t* info, void* context) { on_refused(number, info, context); };
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) {
    throw std::system_error(errno, std::generic_category(), "sigaction");
  }
}

void tell_refused_calls_to(int end_file) {
  if (prepared != nullptr) {
    prepared->end_file = end_file;
  }
}

}  // namespace virtsev::vmm
