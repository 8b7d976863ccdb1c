// SPDX-License-Identifier: LGPL-2.1-or-later
// What a plan costs the one who composes it, and the one who predicts its digest. 8 MiB of kernel and 32 MiB
// of initrd, in memory.
#include "sevcore/launch/launch_digest.hpp"

#include <benchmark/benchmark.h>

#include "driver/boot/compose.hpp"
#include "sevcore/crypto/crypto.hpp"
#include "tests/driver/boot/fakes/boot_files.hpp"
#include "tests/driver/boot/fakes/synthetic_bzimage.hpp"

namespace virtsev::boot {
namespace {

constexpr std::size_t kMiB = 1U << 20;

const test::BootFiles& files() {
  static const test::BootFiles kFiles(test::synthetic_bzimage(8 * kMiB), test::pattern(32 * kMiB, 1));
  return kFiles;
}

/// Reads no more of the files than the kernel's header: part of the monitor's 10 ms from exec to ready.
void composing(benchmark::State& state) {
  auto machine = files().machine();
  machine.vcpus = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(compose(machine));
  }
}
BENCHMARK(composing)->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond);

void predicting(benchmark::State& state) {
  const sevcore::LaunchPlan plan = compose(files().machine());
  for (auto _ : state) {
    benchmark::DoNotOptimize(launch_digest(plan));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * 40 * kMiB));
}
BENCHMARK(predicting)->Unit(benchmark::kMillisecond);

/// The floor: the same bytes, hashed where they lie.
void hashing_alone(benchmark::State& state) {
  const Bytes bytes = test::pattern(40 * kMiB, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(sevcore::crypto::sha256(bytes));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * 40 * kMiB));
}
BENCHMARK(hashing_alone)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace virtsev::boot

BENCHMARK_MAIN();
