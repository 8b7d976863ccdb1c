// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/bus/bus.hpp"

#include <algorithm>
#include <utility>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

/// For a guest's addresses: `start` + `size` may be more than 64 bits hold.
bool contains(BusRange range, std::uint64_t start, std::uint64_t size) {
  return start >= range.start && start - range.start < range.size &&
         size <= range.size - (start - range.start);
}

bool overlap(BusRange one, BusRange other) {
  return one.start < other.start ? other.start - one.start < one.size : one.start - other.start < other.size;
}

}  // namespace

Bus::Bus(std::vector<BusRange> windows) : windows_(std::move(windows)) {}

Bus::~Bus() = default;

bool Bus::is_within_a_window(BusRange range) const {
  return range.size > 0 && std::any_of(windows_.begin(), windows_.end(), [&](BusRange window) {
           return contains(window, range.start, range.size);
         });
}

bool Bus::is_free(BusRange range, const Place* but) const {
  return std::none_of(places_.begin(), places_.end(),
                      [&](const Place* place) { return place != but && overlap(place->range, range); });
}

void Bus::insert(Place* place) {
  const auto behind = std::find_if(places_.begin(), places_.end(), [&](const Place* other) {
    return other->range.start > place->range.start;
  });
  places_.insert(behind, place);
}

Result<Bus::Attachment, BusRefusal> Bus::attach(std::string name, BusRange range, BusDevice& device) {
  auto place = std::make_unique<Place>(Place{std::move(name), range, &device});
  const std::lock_guard lock(mutex_);
  if (!is_within_a_window(range)) {
    return unexpected(BusRefusal::kOutside);
  }
  if (!is_free(range, nullptr)) {
    return unexpected(BusRefusal::kOverlap);
  }
  if (std::any_of(places_.begin(), places_.end(),
                  [&](const Place* other) { return other->name == place->name; })) {
    return unexpected(BusRefusal::kNameTaken);
  }
  insert(place.get());
  return Attachment(*this, std::move(place));
}

Result<void, BusRefusal> Bus::move(Place* place, std::uint64_t start) {
  const std::lock_guard lock(mutex_);
  const BusRange range{start, place->range.size};
  if (!is_within_a_window(range)) {
    return unexpected(BusRefusal::kOutside);
  }
  if (!is_free(range, place)) {
    return unexpected(BusRefusal::kOverlap);
  }
  std::erase(places_, place);
  place->range = range;
  insert(place);
  return {};
}

void Bus::detach(Place* place) {
  std::unique_lock lock(mutex_);
  std::erase(places_, place);
  access_ended_.wait(lock, [place] { return place->accesses == 0; });
}

class Bus::Access {
 public:
  Access(Bus& bus, std::uint64_t address, std::size_t size) : bus_(bus) {
    const std::lock_guard lock(bus_.mutex_);
    const auto behind = std::upper_bound(
        bus_.places_.begin(), bus_.places_.end(), address,
        [](std::uint64_t wanted, const Place* place) { return wanted < place->range.start; });
    if (behind == bus_.places_.begin()) {
      return;
    }
    Place* place = *std::prev(behind);
    if (contains(place->range, address, size)) {
      place_ = place;
      ++place_->accesses;
      offset_ = address - place_->range.start;
    }
  }
  ~Access() {
    if (place_ != nullptr) {
      const std::lock_guard lock(bus_.mutex_);
      if (--place_->accesses == 0) {
        bus_.access_ended_.notify_all();  // Nobody waits, as a rule: that costs no system call
      }
    }
  }
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  /// Null: nobody is there.
  [[nodiscard]] BusDevice* device() const { return place_ == nullptr ? nullptr : place_->device; }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  Bus& bus_;
  Place* place_ = nullptr;
  std::uint64_t offset_ = 0;
};

void Bus::read(std::uint64_t address, MutableBytes data) {
  const Access access(*this, address, data.size());
  if (BusDevice* device = access.device()) {
    device->read(access.offset(), data);
  } else {
    std::fill(data.begin(), data.end(), std::uint8_t{0xff});
  }
}

void Bus::write(std::uint64_t address, ByteView data) {
  const Access access(*this, address, data.size());
  if (BusDevice* device = access.device()) {
    device->write(access.offset(), data);
  }
}

std::vector<std::string> Bus::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const Place* place : places_) {
    names.push_back(place->name);
  }
  return names;
}

Bus::Attachment::Attachment() = default;

Bus::Attachment::Attachment(Bus& bus, std::unique_ptr<Place> place) : bus_(&bus), place_(std::move(place)) {}

Bus::Attachment::~Attachment() {
  if (place_) {
    bus_->detach(place_.get());
  }
}

Bus::Attachment::Attachment(Attachment&& other) noexcept = default;

Bus::Attachment& Bus::Attachment::operator=(Attachment&& other) noexcept {
  std::swap(bus_, other.bus_);
  std::swap(place_, other.place_);
  return *this;
}

Result<void, BusRefusal> Bus::Attachment::move_to(std::uint64_t start) {
  return bus_->move(place_.get(), start);
}

BusRange Bus::Attachment::range() const {
  const std::lock_guard lock(bus_->mutex_);
  return place_->range;
}

Bus::Attachment attach_or_throw(Bus& bus, const std::string& name, BusRange range, BusDevice& device) {
  auto attachment = bus.attach(name, range, device);
  if (!attachment) {
    throw Error(
        ErrorCode::kInternal,
        text("the device \"{}\" can't have {} addresses from {:#x} on: another device has them, or its "
             "name, or they are not the bus's",
             name, range.size, range.start));
  }
  return std::move(*attachment);
}

}  // namespace virtsev::vmm
