// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/vmm/loop/io_thread.hpp"

#include <cerrno>
#include <exception>
#include <future>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace virtsev::vmm {

IoThread::IoThread(std::string name, std::function<void()> sandbox)
    : end_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!end_) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  on_end_ = loop_.watch(end_.get(), EPOLLIN, [this](std::uint32_t) { loop_.stop(); });
  std::promise<void> begun;
  std::future<void> beginning = begun.get_future();
  thread_ = std::thread(
      [this, begun = std::move(begun), name = std::move(name), sandbox = std::move(sandbox)]() mutable {
        ::pthread_setname_np(::pthread_self(), name.c_str());
        try {
          if (sandbox) {
            sandbox();
          }
        } catch (...) {
          begun.set_exception(std::current_exception());
          return;
        }
        begun.set_value();
        loop_.run();
      });
  try {
    beginning.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

IoThread::~IoThread() {
  (void)::eventfd_write(end_.get(), 1);
  thread_.join();
}

}  // namespace virtsev::vmm
