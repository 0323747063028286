// Loops that the compiler vectorises: one copy per instruction set, chosen when the library is loaded. A row is always one
// loop from its start, so its result does not depend on the rows beside it or on the number of threads.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SEA_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SEA_CLONES
#endif
#define SEA_INLINE static inline __attribute__((always_inline))

namespace sea {

struct Bf16 {
  uint16_t bits;
};

SEA_INLINE float load(const float* from) { return *from; }

SEA_INLINE float load(const Bf16* from) {
  const uint32_t bits = static_cast<uint32_t>(from->bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

SEA_INLINE void store(float* to, float value) { *to = value; }

// To the nearest, ties to even, as libtorch rounds; a NaN stays one.
SEA_INLINE void store(Bf16* to, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  to->bits = static_cast<uint16_t>((bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC0u : rounded);
}

// e^x within 2 ulp over the range of float's normal numbers, clamped beyond it.
SEA_INLINE float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  const float n = std::nearbyintf(x * 1.44269504088896341f);
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t exponent = (static_cast<int32_t>(n) + 127) << 23;
  float scale;
  std::memcpy(&scale, &exponent, sizeof(scale));
  return p * scale;
}

constexpr int kLanes = 16;

// Sums what term(i) gives for i in [0, n) in sixteen lanes, the same way for every caller.
template <class F>
SEA_INLINE float lane_sum(int64_t n, F term) {
  float lanes[kLanes] = {};
  const int64_t whole = n - n % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) lanes[lane] += term(i + lane);
  }
  for (int64_t i = whole; i < n; i++) lanes[i - whole] += term(i);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

}  // namespace sea
