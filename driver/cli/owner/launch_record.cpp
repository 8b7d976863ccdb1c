// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/cli/owner/launch_record.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/cli/owner/keys.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/hex.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/base/uninterrupted.hpp"
#include "sevcore/base/unique_fd.hpp"

namespace virtsev::cli {
namespace {

// A line: step, cover, nonce, time, each after one space but the first. Never translated.
constexpr std::array<const char*, 3> kSteps = {"verified", "packed", "finished"};
constexpr std::array<const char*, 3> kCovers = {"unknown", "covered", "uncovered"};
constexpr std::size_t kMostLine = 96;

std::string path_in(const std::string& directory) { return directory + "/launches"; }

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw Error(ErrorCode::kSystemError, text("{}: the record of launches can't be kept: {}", path, reason));
}
[[noreturn]] void fail(const std::string& path) { fail(path, std::strerror(errno)); }

struct Line {
  std::string nonce;
  KnownLaunch launch;
};

std::optional<std::size_t> place_in(const std::array<const char*, 3>& words, const std::string& word) {
  const auto* found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? std::nullopt : std::optional<std::size_t>(found - words.begin());
}

std::optional<Line> parse_line(const std::string& line) {
  std::array<std::string, 4> words;
  std::size_t at = 0;
  for (std::string& word : words) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    word = line.substr(std::min(at, line.size()), end - std::min(at, end));
    at = end + 1;
  }
  const auto step = place_in(kSteps, words[0]);
  const auto cover = place_in(kCovers, words[1]);
  const auto nonce = from_hex(words[2]);
  if (!step || !cover || !nonce || nonce->size() != 16 || words[3].empty() || at != line.size() + 1) {
    return std::nullopt;
  }
  return Line{words[2], {static_cast<LaunchStep>(*step), static_cast<KernelCover>(*cover), words[3]}};
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> out{};
  return {out.data(), std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

/// Open, and locked as long as it is there.
class Record {
 public:
  Record(const std::string& directory, int flags) : directory_(directory), path_(path_in(directory)) {
    do {
      fd_.reset(::open(path_.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
      if (!fd_) {
        if (errno == ENOENT && (flags & O_CREAT) == 0) {
          return;
        }
        fail(path_);
      }
    } while (!lock());
    read();
  }

  /// What is known of a launch: the last step, and whether its kernel is covered by the last word on that.
  [[nodiscard]] std::optional<KnownLaunch> find(const std::string& nonce) const {
    std::optional<KnownLaunch> known;
    for (const Line& line : lines_) {
      if (line.nonce != nonce) {
        continue;
      }
      const KernelCover before = known ? known->kernel : KernelCover::kUnknown;
      if (!known || line.launch.step >= known->step) {
        known = line.launch;
      }
      known->kernel = line.launch.kernel == KernelCover::kUnknown ? before : line.launch.kernel;
    }
    return known;
  }

  void check_room() const {
    if (lines_.size() >= kMostRecorded) {
      fail(path_, text("it has {} lines, as many as it can; make a new session", lines_.size()));
    }
  }

  void append(const std::string& nonce, LaunchStep step, KernelCover kernel) {
    check_room();
    const std::string line = std::string(kSteps[static_cast<std::size_t>(step)]) + " " +
                             kCovers[static_cast<std::size_t>(kernel)] + " " + nonce + " " + time_now() +
                             "\n";
    // What a run left that was cut off while it wrote is no line, and is written over.
    const bool written = ::ftruncate(fd_.get(), static_cast<off_t>(end_)) == 0 &&
                         ::pwrite(fd_.get(), line.data(), line.size(), static_cast<off_t>(end_)) ==
                             static_cast<ssize_t>(line.size()) &&
                         ::fsync(fd_.get()) == 0;
    if (!written) {
      fail(path_);
    }
    if (end_ == 0) {
      const UniqueFd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!directory || ::fsync(directory.get()) != 0) {
        fail(path_);
      }
    }
  }

 private:
  /// False where somebody has put another file in its place meanwhile.
  bool lock() {
    if (uninterrupted([this] { return ::flock(fd_.get(), LOCK_EX); }) != 0) {
      fail(path_);
    }
    struct stat status = {};
    if (::fstat(fd_.get(), &status) != 0) {
      fail(path_);
    }
    if (!S_ISREG(status.st_mode)) {
      fail(path_, text("it is not a regular file"));
    }
    return status.st_nlink != 0;
  }

  void read() {
    std::string content(kMostRecorded * kMostLine + 1, '\0');
    const ssize_t got =
        pread_all(fd_.get(), {reinterpret_cast<std::uint8_t*>(content.data()), content.size()}, 0);
    if (got < 0) {
      fail(path_);
    }
    const auto length = static_cast<std::size_t>(got);
    if (length == content.size()) {
      fail(path_, text("it is longer than any that `virtsev` writes"));
    }
    content.resize(length);
    for (std::size_t end = 0; (end = content.find('\n', end_)) != std::string::npos; end_ = end + 1) {
      const auto line = parse_line(content.substr(end_, end - end_));
      if (!line) {
        fail(path_,
             text("line {} is damaged; look at it, and remove it only if you know why", lines_.size() + 1));
      }
      lines_.push_back(*line);
    }
  }

  std::string directory_;
  std::string path_;
  UniqueFd fd_;
  std::vector<Line> lines_;
  std::size_t end_ = 0;  ///< Of the last whole line
};

}  // namespace

std::optional<std::string> record_directory(const std::string& tik) {
  const std::string directory = directory_of(tik);
  const bool nowhere =
      tik == "-" || directory == "/dev" || directory == "/dev/fd" || directory.rfind("/proc/", 0) == 0;
  return nowhere ? std::nullopt : std::optional(directory);
}

std::optional<KnownLaunch> record_launch(const std::string& directory, const ByteArray<16>& nonce,
                                         LaunchStep step, KernelCover kernel) {
  Record record(directory, O_RDWR | O_CREAT);
  const std::string digits = to_hex(nonce);
  auto known = record.find(digits);
  if (!known || known->step < step || (kernel != KernelCover::kUnknown && kernel != known->kernel)) {
    record.append(digits, step, kernel);
  }
  return known;
}

std::optional<KnownLaunch> find_launch(const std::string& directory, const ByteArray<16>& nonce) {
  return Record(directory, O_RDONLY).find(to_hex(nonce));
}

void check_record(const std::string& directory) { Record(directory, O_RDWR | O_CREAT).check_room(); }

void forget_launches(const std::string& directory) {
  if (::unlink(path_in(directory).c_str()) != 0 && errno != ENOENT) {
    fail(path_in(directory));
  }
}

std::string describe(const KnownLaunch& known) {
  switch (known.step) {
    case LaunchStep::kVerified:
      return text("this measurement was seen before: it was verified, {}", known.when);
    case LaunchStep::kPacked:
      return text("this measurement was seen before: a secret was packed for it, {}", known.when);
    case LaunchStep::kFinished:
      break;
  }
  return text("this measurement was seen before: `virtsev attest` finished its launch, {}", known.when);
}

}  // namespace virtsev::cli
