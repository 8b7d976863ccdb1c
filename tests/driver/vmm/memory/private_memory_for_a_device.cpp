// SPDX-License-Identifier: LGPL-2.1-or-later
// Compiles as it stands. With -DWITH_PRIVATE_MEMORY it must not: a device gets no private memory.
#include <type_traits>

#include "driver/vmm/devices/device.hpp"

using namespace virtsev::vmm;

#ifdef WITH_PRIVATE_MEMORY
using Memory = PrivateMemory;
#else
using Memory = SharedMemory;
#endif

static_assert(std::is_same_v<decltype(Surroundings::memory), const SharedMemory&>, "what a device gets");

const SharedMemory& for_a_device(const Memory& memory);
const SharedMemory& for_a_device(const Memory& memory) { return memory; }
