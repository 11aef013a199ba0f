// SPDX-License-Identifier: MIT
#pragma once

// Why a goroutine is parked: one enumerator a place where it can, and Go's text for it (runtime2.go).

#include <cstdint>

namespace warren::runtime {

enum class wait_reason : std::uint8_t {
  none, chan_send, chan_receive, chan_send_nil, chan_receive_nil, select, select_no_cases, sleep, semacquire,
  cond_wait, mutex_lock, rw_mutex_rlock, rw_mutex_lock, wait_group_wait, once_do, gosched, blocking_call, io_wait,
  preempted, synctest_wait, synctest_test,
};

constexpr const char* text_of(wait_reason r) noexcept {
  switch (r) {
    case wait_reason::none: return "waiting";
    case wait_reason::chan_send: return "chan send";
    case wait_reason::chan_receive: return "chan receive";
    case wait_reason::chan_send_nil: return "chan send (nil chan)";
    case wait_reason::chan_receive_nil: return "chan receive (nil chan)";
    case wait_reason::select: return "select";
    case wait_reason::select_no_cases: return "select (no cases)";
    case wait_reason::sleep: return "sleep";
    case wait_reason::semacquire: return "semacquire";
    case wait_reason::cond_wait: return "sync.Cond.Wait";
    case wait_reason::mutex_lock: return "sync.Mutex.Lock";
    case wait_reason::rw_mutex_rlock: return "sync.RWMutex.RLock";
    case wait_reason::rw_mutex_lock: return "sync.RWMutex.Lock";
    case wait_reason::wait_group_wait: return "sync.WaitGroup.Wait";
    case wait_reason::once_do: return "sync.Once.Do";
    case wait_reason::gosched: return "runnable";
    case wait_reason::preempted: return "runnable";
    case wait_reason::blocking_call: return "syscall";
    case wait_reason::io_wait: return "IO wait";
    case wait_reason::synctest_wait: return "synctest.Wait";
    case wait_reason::synctest_test: return "synctest.Run";
  }
  return "waiting";
}

}  // namespace warren::runtime
