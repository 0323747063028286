// The arithmetic of the fused kernels on rows [begin, end). T is float or Bf16; sums and intermediates are float.
#pragma once

#include "simd.h"

#include <algorithm>

namespace sea {

template <class T>
SEA_INLINE void rms_norm_rows(const T* x, const float* weight, T* y, float* inverse_rms, int64_t hidden, float eps, int64_t begin,
                              int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    const T* in = x + row * hidden;
    T* out = y + row * hidden;
    const float squares = lane_sum(hidden, [&](int64_t i) __attribute__((always_inline)) { return load(in + i) * load(in + i); });
    const float inverse = 1.0f / std::sqrt(squares / static_cast<float>(hidden) + eps);
    inverse_rms[row] = inverse;
    for (int64_t i = 0; i < hidden; i++) store(out + i, load(in + i) * inverse * weight[i]);
  }
}

// dx = r * (dy * w - x * r^2 * mean(dy * w * x))
template <class T>
SEA_INLINE void rms_norm_backward_rows(const T* dy, const T* x, const float* weight, const float* inverse_rms, T* dx, int64_t hidden,
                                       int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    const T* grad = dy + row * hidden;
    const T* in = x + row * hidden;
    T* out = dx + row * hidden;
    const float inverse = inverse_rms[row];
    const float dot =
        lane_sum(hidden, [&](int64_t i) __attribute__((always_inline)) { return load(grad + i) * weight[i] * load(in + i); });
    const float shared = dot / static_cast<float>(hidden) * inverse * inverse;
    for (int64_t i = 0; i < hidden; i++) store(out + i, inverse * (load(grad + i) * weight[i] - load(in + i) * shared));
  }
}

// Columns [begin, end) of dw = sum over rows of dy * x * r: split by column, so that the order of the sum is the rows' own.
template <class T>
SEA_INLINE void rms_norm_weight_columns(const T* dy, const T* x, const float* inverse_rms, float* dw, int64_t rows, int64_t hidden,
                                        int64_t begin, int64_t end) {
  for (int64_t row = 0; row < rows; row++) {
    const T* grad = dy + row * hidden;
    const T* in = x + row * hidden;
    const float inverse = inverse_rms[row];
    for (int64_t i = begin; i < end; i++) dw[i] += load(grad + i) * load(in + i) * inverse;
  }
}

template <class T>
SEA_INLINE void swiglu_rows(const T* gate, const T* up, T* y, int64_t width, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    const T* g = gate + row * width;
    const T* u = up + row * width;
    T* out = y + row * width;
    for (int64_t i = 0; i < width; i++) store(out + i, load(g + i) / (1.0f + fast_exp(-load(g + i))) * load(u + i));
  }
}

template <class T>
SEA_INLINE void swiglu_backward_rows(const T* dy, const T* gate, const T* up, T* dgate, T* dup, int64_t width, int64_t begin,
                                     int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    const int64_t at = row * width;
    for (int64_t i = at; i < at + width; i++) {
      const float g = load(gate + i);
      const float grad = load(dy + i);
      const float sigmoid = 1.0f / (1.0f + fast_exp(-g));
      store(dgate + i, grad * load(up + i) * sigmoid * (1.0f + g * (1.0f - sigmoid)));
      store(dup + i, grad * g * sigmoid);
    }
  }
}

// A row is one head of one token. Backward is the transposed rotation.
template <class T>
SEA_INLINE void rotate_half_rows(const T* x, const float* cos, const float* sin, T* y, int64_t heads, int64_t dim, int64_t token_stride,
                                 int64_t head_stride, bool backward, int64_t begin, int64_t end) {
  const int64_t half = dim / 2;
  for (int64_t row = begin; row < end; row++) {
    const int64_t token = row / heads;
    const T* in = x + token * token_stride + row % heads * head_stride;
    const float* c = cos + token * dim;
    const float* s = sin + token * dim;
    T* out = y + row * dim;
    if (backward) {
      for (int64_t i = 0; i < half; i++) store(out + i, load(in + i) * c[i] + load(in + half + i) * s[half + i]);
      for (int64_t i = 0; i < half; i++) store(out + half + i, load(in + half + i) * c[half + i] - load(in + i) * s[i]);
    } else {
      for (int64_t i = 0; i < half; i++) store(out + i, load(in + i) * c[i] - load(in + half + i) * s[i]);
      for (int64_t i = 0; i < half; i++) store(out + half + i, load(in + half + i) * c[half + i] + load(in + i) * s[half + i]);
    }
  }
}

// The log of the sum of exponentials of each row, and the negative log-likelihood of its target.
template <class T>
SEA_INLINE void nll_rows(const T* logits, const int64_t* targets, float* log_sums, float* nll, int64_t vocabulary, int64_t begin,
                         int64_t end) {
  constexpr int64_t kBlock = 4096;
  for (int64_t row = begin; row < end; row++) {
    const T* in = logits + row * vocabulary;
    float lanes[kLanes];
    for (int lane = 0; lane < kLanes; lane++) lanes[lane] = -INFINITY;
    const int64_t whole = vocabulary - vocabulary % kLanes;
    for (int64_t i = 0; i < whole; i += kLanes) {
      for (int lane = 0; lane < kLanes; lane++) {
        const float value = load(in + i + lane);
        lanes[lane] = lanes[lane] > value ? lanes[lane] : value;
      }
    }
    float largest = -INFINITY;
    for (int lane = 0; lane < kLanes; lane++) largest = largest > lanes[lane] ? largest : lanes[lane];
    for (int64_t i = whole; i < vocabulary; i++) largest = largest > load(in + i) ? largest : load(in + i);
    double sum = 0;
    for (int64_t block = 0; block < vocabulary; block += kBlock) {
      const T* start = in + block;
      sum += lane_sum(std::min(kBlock, vocabulary - block),
                      [&](int64_t i) __attribute__((always_inline)) { return fast_exp(load(start + i) - largest); });
    }
    log_sums[row] = largest + static_cast<float>(std::log(sum));
    nll[row] = log_sums[row] - load(in + targets[row]);
  }
}

template <class T>
SEA_INLINE void nll_backward_rows(const float* dnll, const T* logits, const int64_t* targets, const float* log_sums, T* dlogits,
                                  int64_t vocabulary, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    const T* in = logits + row * vocabulary;
    T* out = dlogits + row * vocabulary;
    const float grad = dnll[row];
    const float log_sum = log_sums[row];
    for (int64_t i = 0; i < vocabulary; i++) store(out + i, fast_exp(load(in + i) - log_sum) * grad);
    const int64_t target = targets[row];
    store(out + target, (fast_exp(load(in + target) - log_sum) - 1.0f) * grad);
  }
}

}  // namespace sea
