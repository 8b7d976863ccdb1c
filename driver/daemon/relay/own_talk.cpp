// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/relay/own_talk.hpp"

#include <utility>

#include <unistd.h>

#include "sevcore/base/text.hpp"

namespace virtsev::daemon::relay {
namespace {

/// For all answers of one talk that are on their way: each is a few KiB.
constexpr std::size_t kRoom = 1U << 23;

}  // namespace

OwnTalk::OwnTalk(const asio::any_io_executor& executor, std::shared_ptr<Upstream> upstream,
                 std::chrono::milliseconds patience)
    : executor_(executor), upstream_(std::move(upstream)), patience_(patience) {}

OwnTalk::~OwnTalk() { upstream_->close(text("virtsevd has no more questions")); }

asio::awaitable<std::shared_ptr<OwnTalk>> OwnTalk::open(asio::any_io_executor executor, std::string directory,
                                                        Kind kind, bool read_only,
                                                        std::chrono::milliseconds patience) {
  Purpose purpose;
  purpose.kind = kind;
  purpose.directory = std::move(directory);
  purpose.uri = std::string(scheme_of(kind)) + (::geteuid() == 0 ? ":///system" : ":///session");
  purpose.read_only = read_only;
  purpose.patience = patience;
  auto upstream =
      co_await connect_upstream(executor, std::move(purpose), std::make_shared<rpc::MemoryBudget>(kRoom), {});
  co_return upstream ? std::make_shared<OwnTalk>(executor, std::move(upstream), patience) : nullptr;
}

asio::awaitable<Bytes> OwnTalk::ask(std::int32_t procedure, Bytes arguments) {
  const auto upstream = upstream_;
  asio::steady_timer limit(executor_, patience_);
  limit.async_wait([weak = std::weak_ptr(upstream)](const asio::error_code& error) {
    const auto late = weak.lock();
    if (!error && late) {
      late->close(text("libvirt's daemon at {} does not answer", late->daemon()));
    }
  });
  const Upstream::Reply reply = co_await upstream->call(procedure, arguments);
  const ByteView payload = reply.payload();
  co_return Bytes(payload.begin(), payload.end());
}

}  // namespace virtsev::daemon::relay
