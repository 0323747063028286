// The C surface between SeaCluster.Torch and libtorch. Every entry returns through `guarded`: a C++ exception becomes a
// thread-local message and a negative result, never an abort of the process.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <string>

#define SEA_API extern "C" __attribute__((visibility("default")))

namespace sea {

// One argument or result of an operator call. Mirrors SeaCluster.Torch's NativeValue: 16 bytes, the count of a list in `count`.
enum Tag : int32_t {
  kNone = 0,
  kTensor = 1,
  kInt = 2,
  kDouble = 3,
  kBool = 4,
  kInts = 5,
  kTensors = 6,
  kOptionalTensors = 7,
  kDevice = 8,
  kString = 9,
  kGenerator = 10,
  kDoubles = 11,
  kDefault = 12,
};

struct Value {
  int32_t tag;
  int32_t count;
  union {
    int64_t i;
    double d;
    const void* p;
  };
};
static_assert(sizeof(Value) == 16, "layout shared with C#");

inline std::string& last_error() {
  static thread_local std::string message;
  return message;
}

constexpr int64_t kFailed = INT64_MIN;

template <class F>
int64_t guarded(F&& body) noexcept {
  try {
    return body();
  } catch (const c10::Error& error) {
    last_error() = error.what_without_backtrace();
  } catch (const std::exception& error) {
    last_error() = error.what();
  } catch (...) {
    last_error() = "unknown C++ exception";
  }
  return kFailed;
}

// OpenMP counts threads per calling thread; this gives the calling one what was asked for, before it computes anything.
void apply_threads();

inline const at::Tensor& tensor(const void* handle) { return *static_cast<const at::Tensor*>(handle); }

// A handle the caller owns; an undefined tensor has none.
inline void* own(at::Tensor value) { return value.defined() ? new at::Tensor(std::move(value)) : nullptr; }

}  // namespace sea
