// The fused operators of Kernels.cs as differentiable functions on the CPU, registered as sea::*.
#include "rows.h"
#include "sea_torch.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace {

using at::Tensor;
using sea::Bf16;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// One function per type and instruction set: the clones are of these, the loops are inlined into them.
#define SEA_EACH(name, parameters, ...)                                                                                     \
  SEA_CLONES void name##_float(parameters(float)) { sea::name<float>(__VA_ARGS__); }                                        \
  SEA_CLONES void name##_bf16(parameters(Bf16)) { sea::name<Bf16>(__VA_ARGS__); }

#define RMS_NORM(T) const T *x, const float *weight, T *y, float *inverse, int64_t hidden, float eps, int64_t begin, int64_t end
SEA_EACH(rms_norm_rows, RMS_NORM, x, weight, y, inverse, hidden, eps, begin, end)
#define RMS_BACKWARD(T) \
  const T *dy, const T *x, const float *weight, const float *inverse, T *dx, int64_t hidden, int64_t begin, int64_t end
SEA_EACH(rms_norm_backward_rows, RMS_BACKWARD, dy, x, weight, inverse, dx, hidden, begin, end)
#define RMS_WEIGHT(T) \
  const T *dy, const T *x, const float *inverse, float *dw, int64_t rows, int64_t hidden, int64_t begin, int64_t end
SEA_EACH(rms_norm_weight_columns, RMS_WEIGHT, dy, x, inverse, dw, rows, hidden, begin, end)
#define SWIGLU(T) const T *gate, const T *up, T *y, int64_t width, int64_t begin, int64_t end
SEA_EACH(swiglu_rows, SWIGLU, gate, up, y, width, begin, end)
#define SWIGLU_BACKWARD(T) \
  const T *dy, const T *gate, const T *up, T *dgate, T *dup, int64_t width, int64_t begin, int64_t end
SEA_EACH(swiglu_backward_rows, SWIGLU_BACKWARD, dy, gate, up, dgate, dup, width, begin, end)
#define ROTATE(T)                                                                                                           \
  const T *x, const float *cos, const float *sin, T *y, int64_t heads, int64_t dim, int64_t token_stride, int64_t head_stride, \
      bool backward, int64_t begin, int64_t end
SEA_EACH(rotate_half_rows, ROTATE, x, cos, sin, y, heads, dim, token_stride, head_stride, backward, begin, end)
#define NLL(T) \
  const T *logits, const int64_t *targets, float *log_sums, float *nll, int64_t vocabulary, int64_t begin, int64_t end
SEA_EACH(nll_rows, NLL, logits, targets, log_sums, nll, vocabulary, begin, end)
#define NLL_BACKWARD(T)                                                                                                       \
  const float *dnll, const T *logits, const int64_t *targets, const float *log_sums, T *dlogits, int64_t vocabulary, int64_t begin, \
      int64_t end
SEA_EACH(nll_backward_rows, NLL_BACKWARD, dnll, logits, targets, log_sums, dlogits, vocabulary, begin, end)

#define SEA_CALL(tensor, name, T, ...)    \
  if ((tensor).scalar_type() == at::kFloat) { \
    using T = float;                      \
    name##_float(__VA_ARGS__);            \
  } else {                                \
    using T = Bf16;                       \
    name##_bf16(__VA_ARGS__);             \
  }

template <class T>
T* data(const Tensor& t) {
  return static_cast<T*>(t.data_ptr());
}

// Rows worth one task: about 16k elements, so that small work stays on one thread.
int64_t grain(int64_t width) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, width)); }

void check_input(const Tensor& t, const char* op) {
  TORCH_CHECK(t.device().is_cpu() && (t.scalar_type() == at::kFloat || t.scalar_type() == at::kBFloat16), op,
              " computes on float32 and bfloat16 tensors on the CPU, not on ", t.scalar_type(), " on ", t.device());
}

void check_once(const char* op) {
  TORCH_CHECK(!at::GradMode::is_enabled(), op, " has no second derivative: take the gradient without create_graph");
}

Tensor wide(const Tensor& t) { return t.to(at::kFloat).contiguous(); }

struct RmsNorm : torch::autograd::Function<RmsNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight, double eps) {
    const auto x = input.contiguous();
    const auto w = wide(weight);
    const int64_t hidden = x.size(-1), rows = hidden == 0 ? 0 : x.numel() / hidden;
    auto y = at::empty_like(x);
    auto inverse = at::empty({rows}, x.options().dtype(at::kFloat));
    at::parallel_for(0, rows, grain(hidden), [&](int64_t begin, int64_t end) {
      SEA_CALL(x, rms_norm_rows, T, data<T>(x), data<float>(w), data<T>(y), data<float>(inverse), hidden,
               static_cast<float>(eps), begin, end)
    });
    context->save_for_backward({x, weight, inverse});
    context->saved_data["needs_weight"] = weight.requires_grad();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    check_once("sea::rms_norm");
    const auto saved = context->get_saved_variables();
    const auto& x = saved[0];
    const auto& inverse = saved[2];
    const auto w = wide(saved[1]);
    const auto dy = gradients[0].to(x.scalar_type()).contiguous();
    const int64_t hidden = x.size(-1), rows = inverse.size(0);
    auto dx = at::empty_like(x);
    at::parallel_for(0, rows, grain(hidden), [&](int64_t begin, int64_t end) {
      SEA_CALL(x, rms_norm_backward_rows, T, data<T>(dy), data<T>(x), data<float>(w), data<float>(inverse), data<T>(dx), hidden,
               begin, end)
    });
    Tensor dw;
    if (context->saved_data["needs_weight"].toBool()) {
      dw = at::zeros({hidden}, inverse.options());
      at::parallel_for(0, hidden, 64, [&](int64_t begin, int64_t end) {
        SEA_CALL(x, rms_norm_weight_columns, T, data<T>(dy), data<T>(x), data<float>(inverse), data<float>(dw), rows, hidden,
                 begin, end)
      });
      dw = dw.to(saved[1].scalar_type());
    }
    return {dx, dw, Tensor()};
  }
};

struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static Tensor forward(AutogradContext* context, const Tensor& gate_input, const Tensor& up_input) {
    const auto gate = gate_input.contiguous();
    const auto up = up_input.contiguous();
    const int64_t width = gate.size(-1), rows = width == 0 ? 0 : gate.numel() / width;
    auto y = at::empty_like(gate);
    at::parallel_for(0, rows, grain(width), [&](int64_t begin, int64_t end) {
      SEA_CALL(gate, swiglu_rows, T, data<T>(gate), data<T>(up), data<T>(y), width, begin, end)
    });
    context->save_for_backward({gate, up});
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    check_once("sea::swiglu");
    const auto saved = context->get_saved_variables();
    const auto& gate = saved[0];
    const auto& up = saved[1];
    const auto dy = gradients[0].to(gate.scalar_type()).contiguous();
    const int64_t width = gate.size(-1), rows = width == 0 ? 0 : gate.numel() / width;
    auto dgate = at::empty_like(gate);
    auto dup = at::empty_like(up);
    at::parallel_for(0, rows, grain(width), [&](int64_t begin, int64_t end) {
      SEA_CALL(gate, swiglu_backward_rows, T, data<T>(dy), data<T>(gate), data<T>(up), data<T>(dgate), data<T>(dup), width, begin,
               end)
    });
    return {dgate, dup};
  }
};

Tensor rotate(const Tensor& input, const Tensor& cos, const Tensor& sin, bool backward) {
  const auto x = input.stride(-1) == 1 ? input : input.contiguous();
  const int64_t tokens = x.size(0), heads = x.size(1), dim = x.size(2);
  auto y = at::empty({tokens, heads, dim}, x.options());
  at::parallel_for(0, tokens * heads, grain(dim), [&](int64_t begin, int64_t end) {
    SEA_CALL(x, rotate_half_rows, T, data<T>(x), data<float>(cos), data<float>(sin), data<T>(y), heads, dim, x.stride(0),
             x.stride(1), backward, begin, end)
  });
  return y;
}

struct RotateHalf : torch::autograd::Function<RotateHalf> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& cos, const Tensor& sin) {
    const auto c = wide(cos), s = wide(sin);
    context->save_for_backward({c, s});
    return rotate(x, c, s, false);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    check_once("sea::rotate_half");
    const auto saved = context->get_saved_variables();
    return {rotate(gradients[0], saved[0], saved[1], true), Tensor(), Tensor()};
  }
};

struct AnswerNll : torch::autograd::Function<AnswerNll> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& target_input) {
    const auto logits = input.contiguous();
    const auto targets = target_input.contiguous();
    const int64_t rows = logits.size(0), vocabulary = logits.size(1);
    auto nll = at::empty({rows}, logits.options().dtype(at::kFloat));
    auto log_sums = at::empty_like(nll);
    at::parallel_for(0, rows, grain(vocabulary), [&](int64_t begin, int64_t end) {
      SEA_CALL(logits, nll_rows, T, data<T>(logits), data<int64_t>(targets), data<float>(log_sums), data<float>(nll), vocabulary,
               begin, end)
    });
    context->save_for_backward({logits, targets, log_sums});
    return nll;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    check_once("sea::answer_nll");
    const auto saved = context->get_saved_variables();
    const auto& logits = saved[0];
    const auto dnll = wide(gradients[0]);
    const int64_t rows = logits.size(0), vocabulary = logits.size(1);
    auto dlogits = at::empty_like(logits);
    at::parallel_for(0, rows, grain(vocabulary), [&](int64_t begin, int64_t end) {
      SEA_CALL(logits, nll_backward_rows, T, data<float>(dnll), data<T>(logits), data<int64_t>(saved[1]), data<float>(saved[2]),
               data<T>(dlogits), vocabulary, begin, end)
    });
    return {dlogits, Tensor()};
  }
};

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  check_input(x, "sea::rms_norm");
  TORCH_CHECK(x.dim() >= 1 && weight.dim() == 1 && weight.size(0) == x.size(-1), "sea::rms_norm: weight ", weight.sizes(),
              " does not fit x ", x.sizes());
  return RmsNorm::apply(x, weight, eps);
}

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  check_input(gate, "sea::swiglu");
  TORCH_CHECK(gate.dim() >= 1 && gate.sizes() == up.sizes() && gate.scalar_type() == up.scalar_type() && up.device().is_cpu(),
              "sea::swiglu: gate ", gate.sizes(), " ", gate.scalar_type(), " and up ", up.sizes(), " ", up.scalar_type(),
              " differ");
  return SwiGlu::apply(gate, up);
}

Tensor rotate_half(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  check_input(x, "sea::rotate_half");
  TORCH_CHECK(x.dim() == 3 && x.size(2) % 2 == 0 && cos.dim() == 2 && cos.size(0) == x.size(0) && cos.size(1) == x.size(2) &&
                  sin.sizes() == cos.sizes(),
              "sea::rotate_half: x ", x.sizes(), " is not [tokens, heads, even dimension] with cos ", cos.sizes(), " and sin ",
              sin.sizes(), " [tokens, dimension]");
  return RotateHalf::apply(x, cos, sin);
}

Tensor answer_nll(const Tensor& logits, const Tensor& targets) {
  check_input(logits, "sea::answer_nll");
  TORCH_CHECK(logits.dim() == 2 && targets.dim() == 1 && targets.size(0) == logits.size(0) && targets.scalar_type() == at::kLong,
              "sea::answer_nll: logits ", logits.sizes(), " and targets ", targets.sizes(), " ", targets.scalar_type(),
              " are not [rows, vocabulary] and [rows] of int64");
  const auto checked = targets.contiguous();
  const auto* ids = data<int64_t>(checked);
  for (int64_t row = 0; row < checked.size(0); row++) {
    TORCH_CHECK(ids[row] >= 0 && ids[row] < logits.size(1), "sea::answer_nll: target ", ids[row], " of row ", row,
                " is outside the vocabulary of ", logits.size(1));
  }
  return AnswerNll::apply(logits, checked);
}

}  // namespace

TORCH_LIBRARY(sea, m) {
  m.def("rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", rms_norm);
  m.def("swiglu(Tensor gate, Tensor up) -> Tensor", swiglu);
  m.def("rotate_half(Tensor x, Tensor cos, Tensor sin) -> Tensor", rotate_half);
  m.def("answer_nll(Tensor logits, Tensor targets) -> Tensor", answer_nll);
}
