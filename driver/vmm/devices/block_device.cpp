// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/devices/block_device.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "driver/vmm/devices/block_layout.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {

using block::kSector;

/// A request that was taken. Its pieces are the guest's memory: only its header is read, once, into here.
struct BlockDevice::Request {
  std::uint16_t queue = 0;
  std::uint16_t head = 0;
  std::uint32_t type = 0;
  std::uint64_t sector = 0;
  Pieces readable;  ///< Behind the header
  Pieces writable;  ///< Before the status byte
  std::uint64_t readable_bytes = 0;
  std::uint64_t writable_bytes = 0;
  std::uint8_t* status = nullptr;
  std::chrono::steady_clock::time_point begun;
};

BlockDevice::BlockDevice(Options options, const ImageFacts& facts, spec::Disk::Flush flush,
                         std::unique_ptr<IoEngine> engine, EventLoop& loop, DeviceLog& log)
    : options_(std::move(options)),
      capacity_(facts.size / kSector),
      log_(log),
      storage_(facts, flush,
               [&] {
                 engine->on_batch([this] { notify_all(); });
                 return std::move(engine);
               }()),
      more_(loop, [this] { serve_those_with_more(); }) {
  options_.queues = std::clamp<std::uint16_t>(options_.queues, 1, kMostQueues);
  const MutableBytes to = configuration_;
  const std::uint32_t blocks = facts.physical_block / facts.logical_block;
  put_le<std::uint64_t>(to, block::kCapacityAt, capacity_);
  put_le<std::uint32_t>(to, block::kSizeMaxAt, kSegmentBytes);
  put_le<std::uint32_t>(to, block::kSegMaxAt, kSegments);
  put_le<std::uint32_t>(to, block::kBlkSizeAt, facts.logical_block);
  to[block::kPhysicalBlockExponentAt] = static_cast<std::uint8_t>(std::bit_width(blocks) - 1);
  put_le<std::uint16_t>(to, block::kMinIoSizeAt, static_cast<std::uint16_t>(blocks));
  put_le<std::uint16_t>(to, block::kNumQueuesAt, options_.queues);
  if ((features() & block::kDiscard) != 0) {
    put_le<std::uint32_t>(to, block::kMaxDiscardSectorsAt, kMostRangeSectors);
    put_le<std::uint32_t>(to, block::kMaxDiscardSegAt, 1);
    put_le<std::uint32_t>(to, block::kDiscardAlignmentAt, facts.physical_block / kSector);
  }
  if ((features() & block::kWriteZeroes) != 0) {
    put_le<std::uint32_t>(to, block::kMaxWriteZeroesSectorsAt, kMostRangeSectors);
    put_le<std::uint32_t>(to, block::kMaxWriteZeroesSegAt, 1);
    to[block::kWriteZeroesMayUnmapAt] = options_.discard ? 1 : 0;
  }
}

BlockDevice::~BlockDevice() = default;

// What it is.

std::uint64_t BlockDevice::features() const {
  std::uint64_t features = block::kSizeMax | block::kSegMax | block::kBlkSize | block::kTopology |
                           block::kFlush | block::kConfigWce | block::kMq;
  if (options_.read_only) {
    features |= block::kReadOnly;
  } else {
    features |= block::kWriteZeroes | (options_.discard ? std::uint64_t{block::kDiscard} : 0);
  }
  return features;
}

std::vector<std::uint16_t> BlockDevice::queue_sizes() const {
  return std::vector<std::uint16_t>(options_.queues, kQueueSize);
}

std::uint32_t BlockDevice::configuration_size() const { return block::kConfigurationBytes; }

void BlockDevice::read_configuration(std::uint32_t offset, MutableBytes data) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t at = offset + i;
    // A cache that is always written through is never anything else to the driver.
    data[i] =
        at == block::kWritebackAt && !options_.write_through ? writeback_.load() : configuration_.at(at);
  }
}

void BlockDevice::write_configuration(std::uint32_t offset, ByteView data) {
  // 5.2.4: the driver may write nothing else. Any value but 0 is 1 (5.2.5).
  if (offset <= block::kWritebackAt && block::kWritebackAt - offset < data.size()) {
    writeback_ = data[block::kWritebackAt - offset] != 0 ? 1 : 0;
  }
}

DiskStatistics BlockDevice::statistics() const {
  return {reads_.get(), writes_.get(), flushes_.get(), errors_.load(std::memory_order_relaxed)};
}

// Its life.

void BlockDevice::start(std::uint64_t features, std::vector<Queue*> queues, const SharedMemory& memory,
                        VirtioTransport& transport) {
  taken_features_ = features;
  // 5.2.5.2: "If VIRTIO_BLK_F_CONFIG_WCE is negotiated but VIRTIO_BLK_F_FLUSH is not, the device MUST
  // initialize writeback to 0".
  writeback_ = (features & block::kFlush) != 0 ? 1 : 0;
  memory_ = &memory;
  transport_ = &transport;
  rings_.clear();
  for (Queue* const queue : queues) {
    rings_.push_back({queue});
  }
  running_ = true;
}

void BlockDevice::stop(std::function<void()> stopped) {
  running_ = false;
  storage_.drain(std::move(stopped));
}

void BlockDevice::fail(const std::string& what) {
  running_ = false;
  transport_->fail(what);
}

void BlockDevice::kicked(std::uint16_t queue) {
  if (!running_ || queue >= rings_.size() || rings_[queue].queue == nullptr) {
    return;
  }
  serve(queue);
  storage_.submit();
  notify_all();
}

void BlockDevice::serve(std::uint16_t queue) {
  Ring& ring = rings_[queue];
  ring.has_more = false;
  for (unsigned taken = 0; taken < kTurn; ++taken) {
    if (ring.in_flight == kQueueSize) {
      return;  // end() looks again
    }
    const auto next = ring.queue->take();
    if (!next) {
      fail(next.error().what);
      return;
    }
    if (!*next) {
      return;
    }
    begin(queue, **next);
    if (!running_) {
      return;
    }
  }
  ring.has_more = true;
  more_.signal();
}

void BlockDevice::serve_those_with_more() {
  for (std::uint16_t queue = 0; queue < rings_.size() && running_; ++queue) {
    if (rings_[queue].has_more) {
      serve(queue);
    }
  }
  storage_.submit();
  notify_all();
}

void BlockDevice::notify_all() {
  for (Ring& ring : rings_) {
    if (running_ && std::exchange(ring.has_used, false)) {
      ring.queue->notify();
    }
  }
}

// A request.

void BlockDevice::begin(std::uint16_t queue, const Chain& chain) {
  // 5.2.6: a header that the device reads, and a status byte that it writes; 2.7.4.2 lets them lie in any
  // number of descriptors, beside data or not. Without them there is nothing to answer, or no place for it.
  if (chain.readable_bytes < block::kHeaderBytes || chain.writable_bytes < 1) {
    fail(
        text("a request of {} bytes to read and {} to write has no header, or no room for its status "
             "(virtio 1.2, 5.2.6)",
             chain.readable_bytes, chain.writable_bytes));
    return;
  }
  auto readable = memory_->iovecs(chain.readable);
  auto writable = memory_->iovecs(chain.writable);
  if (!readable || !writable) {
    fail(text("a request's buffers lie where the guest shares no memory, or in more than {} pieces",
              SharedMemory::kMostPieces));
    return;
  }
  if (free_.empty()) {
    requests_.push_back(std::make_unique<Request>());
    free_.push_back(requests_.back().get());
  }
  Request& request = *free_.back();
  free_.pop_back();
  ByteArray<block::kHeaderBytes> header{};
  copy_out(*readable, 0, header);
  drop_first(*readable, header.size());
  iovec& last = writable->back();
  --last.iov_len;
  request.status = static_cast<std::uint8_t*>(last.iov_base) + last.iov_len;
  if (last.iov_len == 0) {
    writable->pop_back();
  }
  request.queue = queue;
  request.head = chain.head;
  request.type = get_le<std::uint32_t>(header, 0);
  request.sector = get_le<std::uint64_t>(header, 8);
  request.readable = std::move(*readable);
  request.writable = std::move(*writable);
  request.readable_bytes = chain.readable_bytes - header.size();
  request.writable_bytes = chain.writable_bytes - 1;
  request.begun = std::chrono::steady_clock::now();
  ++rings_[queue].in_flight;
  carry_out(request);
}

void BlockDevice::carry_out(Request& request) {
  switch (request.type) {
    case block::kIn:
      transfer(request, true);
      return;
    case block::kOut:
      transfer(request, false);
      return;
    case block::kFlushRequest:
      storage_.flush([this, &request](int error) { end_io(request, error, &flushes_, "flushing"); });
      return;
    case block::kGetId:
      answer_id(request);
      return;
    case block::kDiscardRequest:
      change_range(request, false);
      return;
    case block::kWriteZeroesRequest:
      change_range(request, true);
      return;
    default:
      end(request, block::kUnsupported);  // 5.2.6: "or VIRTIO_BLK_S_UNSUPP for a request unsupported"
  }
}

bool BlockDevice::reaches(std::uint64_t sector, std::uint64_t bytes) const {
  return sector > capacity_ || bytes > (capacity_ - sector) * kSector;
}

bool BlockDevice::durable() const {
  // 5.2.6.2: what is completed is stable where the driver took no FLUSH, and while writeback is 0.
  return (taken_features_ & block::kFlush) == 0 ||
         ((taken_features_ & block::kConfigWce) != 0 && writeback_ == 0);
}

void BlockDevice::transfer(Request& request, bool is_read) {
  // 5.2.6.2: a write to a read-only device is answered with IOERR, and writes nothing; so is what lies beyond
  // the capacity. 5.2.6.1: data in multiples of 512 bytes.
  const std::uint64_t bytes = is_read ? request.writable_bytes : request.readable_bytes;
  if ((!is_read && options_.read_only) || bytes % kSector != 0 || bytes > kMostBytes ||
      reaches(request.sector, bytes)) {
    end(request, block::kIoError);
    return;
  }
  const std::uint64_t offset = request.sector * kSector;
  if (is_read) {
    storage_.read(std::move(request.writable), offset,
                  [this, &request](int error) { end_io(request, error, &reads_, "reading"); });
  } else {
    storage_.write(std::move(request.readable), offset, durable(),
                   [this, &request](int error) { end_io(request, error, &writes_, "writing"); });
  }
}

void BlockDevice::answer_id(Request& request) {
  ByteArray<block::kIdBytes> id{};
  std::copy_n(options_.serial.begin(), std::min(options_.serial.size(), id.size()), id.begin());
  request.writable_bytes = copy_in(id, request.writable, 0);
  end(request, block::kOk);
}

void BlockDevice::change_range(Request& request, bool zeroes) {
  const std::uint64_t feature = zeroes ? block::kWriteZeroes : block::kDiscard;
  if ((taken_features_ & feature) == 0) {
    end(request, options_.read_only ? block::kIoError : block::kUnsupported);
    return;
  }
  // 5.2.6: an array of ranges, of which max_discard_seg and max_write_zeroes_seg let one.
  ByteArray<block::kRangeBytes> range{};
  if (request.readable_bytes != range.size()) {
    end(request, block::kIoError);
    return;
  }
  copy_out(request.readable, 0, range);
  const auto sector = get_le<std::uint64_t>(range, 0);
  const auto sectors = get_le<std::uint32_t>(range, 8);
  const auto flags = get_le<std::uint32_t>(range, 12);
  // 5.2.6.2: UNSUPP for flags that are not known, and for a discard with unmap.
  if ((flags & ~(zeroes ? block::kRangeUnmap : 0U)) != 0) {
    end(request, block::kUnsupported);
    return;
  }
  if (sectors > kMostRangeSectors || reaches(sector, sectors * kSector)) {
    end(request, block::kIoError);
    return;
  }
  if (sectors == 0) {
    end(request, block::kOk);
    return;
  }
  request.sector = sector;
  if (zeroes) {
    const bool unmap = options_.discard && (flags & block::kRangeUnmap) != 0;
    storage_.write_zeroes(sector * kSector, sectors * kSector, unmap, durable(), [this, &request](int error) {
      end_io(request, error, nullptr, "writing zeroes to");
    });
  } else {
    storage_.discard(sector * kSector, sectors * kSector,
                     [this, &request](int error) { end_io(request, error, nullptr, "discarding"); });
  }
}

void BlockDevice::end_io(Request& request, int error, DiskCounter* counter, const char* doing) {
  if (error != 0) {
    log_.say(text("{} the image failed at sector {}: {}", doing, request.sector,
                  static_cast<const char*>(std::strerror(error))));
  } else if (counter != nullptr) {
    const auto time = std::chrono::steady_clock::now() - request.begun;
    const std::uint64_t bytes = request.type == block::kIn    ? request.writable_bytes
                                : request.type == block::kOut ? request.readable_bytes
                                                              : 0;
    counter->add(bytes, static_cast<std::uint64_t>(
                            std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()));
  }
  end(request, error == 0 ? block::kOk : block::kIoError);
}

void BlockDevice::end(Request& request, std::uint8_t status) {
  Ring& ring = rings_[request.queue];
  --ring.in_flight;
  if (status != block::kOk) {
    errors_.fetch_add(1, std::memory_order_relaxed);
  }
  if (running_) {
    *request.status = status;
    // 2.7.8.2: only as many bytes as were written from the first one on.
    const bool all = status == block::kOk || request.writable_bytes == 0;
    ring.queue->give_back(request.head, all ? static_cast<std::uint32_t>(request.writable_bytes + 1) : 0);
    ring.has_used = true;
    if (ring.in_flight + 1 == kQueueSize) {
      ring.has_more = true;  // serve() had stopped at the bound
      more_.signal();
    }
  }
  request.readable.clear();
  request.writable.clear();
  free_.push_back(&request);
}

}  // namespace virtsev::vmm
