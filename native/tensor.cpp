// Tensor handles: life, description, memory, and the autograd entries that are not operators.
#include "sea_torch.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <cstring>
#include <vector>

namespace {

std::vector<at::Tensor> gather(void* const* handles, int32_t count) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (int32_t i = 0; i < count; i++) list.push_back(handles[i] == nullptr ? at::Tensor() : sea::tensor(handles[i]));
  return list;
}

}  // namespace

struct SeaDescription {
  int32_t dtype;
  int32_t device_type;
  int32_t device_index;
  int32_t dimensions;
  int64_t elements;
  int32_t element_size;
  int32_t flags;  // 1 contiguous, 2 requires grad, 4 leaf
};

SEA_API void sea_dispose(void* handle) { delete static_cast<at::Tensor*>(handle); }

SEA_API int64_t sea_describe(const void* handle, SeaDescription* out) {
  return sea::guarded([&]() -> int64_t {
    const auto& t = sea::tensor(handle);
    out->dtype = static_cast<int32_t>(t.scalar_type());
    out->device_type = static_cast<int32_t>(t.device().type());
    out->device_index = t.device().index();
    out->dimensions = static_cast<int32_t>(t.dim());
    out->elements = t.numel();
    out->element_size = static_cast<int32_t>(t.element_size());
    out->flags = (t.is_contiguous() ? 1 : 0) | (t.requires_grad() ? 2 : 0) | (t.is_leaf() ? 4 : 0);
    return 0;
  });
}

SEA_API int64_t sea_sizes(const void* handle, int64_t* sizes, int64_t* strides) {
  return sea::guarded([&]() -> int64_t {
    const auto& t = sea::tensor(handle);
    if (sizes != nullptr) std::copy(t.sizes().begin(), t.sizes().end(), sizes);
    if (strides != nullptr) std::copy(t.strides().begin(), t.strides().end(), strides);
    return t.dim();
  });
}

SEA_API int64_t sea_data(const void* handle, void** data) {
  return sea::guarded([&]() -> int64_t {
    *data = sea::tensor(handle).data_ptr();
    return 0;
  });
}

SEA_API int64_t sea_set_requires_grad(const void* handle, int32_t requires_grad) {
  return sea::guarded([&]() -> int64_t {
    sea::tensor(handle).requires_grad_(requires_grad != 0);
    return 0;
  });
}

SEA_API int64_t sea_get_grad(const void* handle, void** grad) {
  return sea::guarded([&]() -> int64_t {
    *grad = sea::own(sea::tensor(handle).grad());
    return 0;
  });
}

SEA_API int64_t sea_set_grad(const void* handle, const void* grad) {
  return sea::guarded([&]() -> int64_t {
    sea::tensor(handle).mutable_grad() = grad == nullptr ? at::Tensor() : sea::tensor(grad);
    return 0;
  });
}

SEA_API int64_t sea_retain_grad(const void* handle) {
  return sea::guarded([&]() -> int64_t {
    sea::tensor(handle).retain_grad();
    return 0;
  });
}

SEA_API int64_t sea_backward(void* const* outputs, int32_t output_count, void* const* gradients, int32_t retain_graph,
                             int32_t create_graph, void* const* inputs, int32_t input_count) {
  return sea::guarded([&]() -> int64_t {
    sea::apply_threads();
    std::vector<at::Tensor> seeds;
    if (gradients != nullptr) seeds = gather(gradients, output_count);
    torch::autograd::backward(gather(outputs, output_count), seeds, retain_graph != 0, create_graph != 0,
                              gather(inputs, input_count));
    return 0;
  });
}

SEA_API int64_t sea_gradients(void* const* outputs, int32_t output_count, void* const* inputs, int32_t input_count,
                              void* const* gradients, int32_t retain_graph, int32_t create_graph, int32_t allow_unused,
                              void** results) {
  return sea::guarded([&]() -> int64_t {
    sea::apply_threads();
    std::vector<at::Tensor> seeds;
    if (gradients != nullptr) seeds = gather(gradients, output_count);
    auto found = torch::autograd::grad(gather(outputs, output_count), gather(inputs, input_count), seeds,
                                       retain_graph != 0, create_graph != 0, allow_unused != 0);
    for (size_t i = 0; i < found.size(); i++) results[i] = sea::own(std::move(found[i]));
    return static_cast<int64_t>(found.size());
  });
}

SEA_API int32_t sea_grad_enabled() { return at::GradMode::is_enabled() ? 1 : 0; }

SEA_API void sea_set_grad_enabled(int32_t enabled) { at::GradMode::set_enabled(enabled != 0); }

SEA_API int64_t sea_generator(uint64_t seed, int32_t device_type, int32_t device_index, void** handle) {
  return sea::guarded([&]() -> int64_t {
    const auto type = static_cast<c10::DeviceType>(device_type);
    at::Generator generator;
    if (type == c10::DeviceType::CPU) {
      generator = at::detail::createCPUGenerator();
    } else {
      generator = at::globalContext().defaultGenerator(c10::Device(type, static_cast<c10::DeviceIndex>(device_index))).clone();
    }
    generator.set_current_seed(seed);
    *handle = new at::Generator(std::move(generator));
    return 0;
  });
}

SEA_API int64_t sea_default_generator(void** handle) {
  return sea::guarded([&]() -> int64_t {
    *handle = new at::Generator(at::globalContext().defaultGenerator(c10::Device(c10::DeviceType::CPU)));
    return 0;
  });
}

SEA_API void sea_dispose_generator(void* handle) { delete static_cast<at::Generator*>(handle); }

// what: 0 set the seed, 1 read the seed, 2 a fresh seed from the system's entropy.
SEA_API int64_t sea_generator_seed(void* handle, int32_t what, int64_t* seed) {
  return sea::guarded([&]() -> int64_t {
    auto& generator = *static_cast<at::Generator*>(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    if (what == 0) {
      generator.set_current_seed(static_cast<uint64_t>(*seed));
    } else {
      *seed = static_cast<int64_t>(what == 1 ? generator.current_seed() : generator.seed());
    }
    return 0;
  });
}

SEA_API int64_t sea_generator_state(const void* handle, void** state) {
  return sea::guarded([&]() -> int64_t {
    *state = sea::own(static_cast<const at::Generator*>(handle)->get_state());
    return 0;
  });
}

SEA_API int64_t sea_set_generator_state(void* handle, const void* state) {
  return sea::guarded([&]() -> int64_t {
    static_cast<at::Generator*>(handle)->set_state(sea::tensor(state));
    return 0;
  });
}

SEA_API int64_t sea_manual_seed(int64_t seed) {
  return sea::guarded([&]() -> int64_t {
    at::manual_seed(static_cast<uint64_t>(seed));
    return 0;
  });
}
