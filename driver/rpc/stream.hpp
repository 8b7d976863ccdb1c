// SPDX-License-Identifier: LGPL-2.1-or-later
// A stream as a Service sees it.
#pragma once

#include "sevcore/base/error.hpp"

namespace virtsev::rpc {

class Stream {
 public:
  virtual ~Stream() = default;
  /// Ends it: the client is told why.
  virtual void fail(const Error& why) = 0;
};

}  // namespace virtsev::rpc
