// SPDX-License-Identifier: LGPL-2.1-or-later
// A Service whose procedures each do one thing that a test needs.
#pragma once

#include <map>
#include <vector>

#include "driver/rpc/error_reply.hpp"
#include "driver/rpc/gate.hpp"
#include "driver/rpc/service.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::rpc::test {

enum Procedure : std::int32_t {
  kEcho = 1,    ///< A string, given back
  kRefuse,      ///< Error(kNoDomain, "no such domain")
  kBreak,       ///< std::runtime_error
  kWait,        ///< Answers after release()
  kOpenStream,  ///< Ties next_descriptor to the call
  kOpen,        ///< set_open()
  kCloseConnection,
  kStartKeepalive,
  kLongReply,  ///< u32: that many bytes
  kDrop,       ///< Opens a stream, then fails
};

class ScriptedService final : public Service {
 public:
  explicit ScriptedService(const asio::any_io_executor& executor) : gate_(executor) {}

  asio::awaitable<void> call(Client& client, const Call& call, xdr::Decoder& arguments,
                             xdr::Encoder& reply) override {
    ++entered;
    clients[client.id()] = &client;
    switch (call.procedure) {
      case kEcho: {
        const std::string text = arguments.get_string(kMaxString);
        if (!arguments.ok()) {
          throw Error(ErrorCode::kRpc, "cannot decode");
        }
        reply.put_string(text);
        co_return;
      }
      case kRefuse:
        throw Error(ErrorCode::kNoDomain, "no such domain");
      case kBreak:
        throw std::runtime_error("broken");
      case kWait:
        while (!released_) {
          co_await gate_.wait();
        }
        co_return;
      case kOpenStream:
      case kDrop:
        stream = client.open_stream(call, std::move(next_descriptor), [this] { ++streams_ended; });
        if (call.procedure == kDrop) {
          throw Error(ErrorCode::kOperationFailed, "on second thoughts");
        }
        co_return;
      case kOpen:
        client.set_open();
        co_return;
      case kCloseConnection:
        client.close_after_reply();
        co_return;
      case kStartKeepalive:
        client.start_keepalive();
        co_return;
      case kLongReply:
        reply.put_fixed_opaque(Bytes(arguments.get_uint32()));
        co_return;
      default:
        throw unknown_procedure(call.procedure);
    }
  }
  void closed(Client& client) override {
    closed_ids.push_back(client.id());
    clients.erase(client.id());
  }
  void release() {
    released_ = true;
    gate_.notify();
  }

  std::size_t entered = 0;
  std::size_t streams_ended = 0;
  std::map<std::uint64_t, Client*> clients;
  std::vector<std::uint64_t> closed_ids;
  UniqueFd next_descriptor;
  std::weak_ptr<Stream> stream;

 private:
  Gate gate_;
  bool released_ = false;
};

}  // namespace virtsev::rpc::test
