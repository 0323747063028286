// Calls any operator of libtorch's dispatcher by its schema name ("aten::add", overload "Tensor"). The schema names are
// libtorch's stable interface, so one small file serves every version; arguments not given take the schema's defaults.
#include "sea_torch.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <ATen/core/Generator.h>

#include <torch/version.h>

#include <vector>

namespace {

using sea::Value;

thread_local std::vector<Value> results;

c10::IValue to_ivalue(const Value& value) {
  switch (value.tag) {
    case sea::kNone:
      return {};
    case sea::kTensor:
      return value.p == nullptr ? c10::IValue() : c10::IValue(sea::tensor(value.p));
    case sea::kInt:
      return value.i;
    case sea::kDouble:
      return value.d;
    case sea::kBool:
      return value.i != 0;
    case sea::kInts:
      return at::IntArrayRef(static_cast<const int64_t*>(value.p), value.count);
    case sea::kDoubles: {
      const auto* from = static_cast<const double*>(value.p);
      return std::vector<double>(from, from + value.count);
    }
    case sea::kTensors: {
      c10::List<at::Tensor> list;
      list.reserve(value.count);
      for (int32_t i = 0; i < value.count; i++) list.push_back(sea::tensor(static_cast<void* const*>(value.p)[i]));
      return list;
    }
    case sea::kOptionalTensors: {
      c10::List<c10::optional<at::Tensor>> list;
      list.reserve(value.count);
      for (int32_t i = 0; i < value.count; i++) {
        const auto* handle = static_cast<void* const*>(value.p)[i];
        list.push_back(handle == nullptr ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(sea::tensor(handle)));
      }
      return list;
    }
    case sea::kDevice:
      return c10::Device(static_cast<c10::DeviceType>(value.count), static_cast<c10::DeviceIndex>(value.i));
    case sea::kString:
      return std::string(static_cast<const char*>(value.p), value.count);
    case sea::kGenerator:
      return *static_cast<const at::Generator*>(value.p);
    default:
      TORCH_CHECK(false, "sea_call: unknown argument tag ", value.tag);
  }
}

void push_result(const c10::IValue& value) {
  Value out{};
  if (value.isTensor()) {
    out.tag = sea::kTensor;
    out.p = sea::own(value.toTensor());
  } else if (value.isInt()) {
    out.tag = sea::kInt;
    out.i = value.toInt();
  } else if (value.isDouble()) {
    out.tag = sea::kDouble;
    out.d = value.toDouble();
  } else if (value.isBool()) {
    out.tag = sea::kBool;
    out.i = value.toBool();
  } else if (value.isTensorList()) {
    for (const at::Tensor& item : value.toTensorVector()) push_result(item);
    return;
  } else {
    TORCH_CHECK(value.isNone(), "sea_call: a result of type ", value.tagKind(), " has no representation");
  }
  results.push_back(out);
}

}  // namespace

SEA_API const char* sea_error() { return sea::last_error().c_str(); }

// Finds an operator; the handle lives as long as the process.
SEA_API int64_t sea_operator(const char* name, const char* overload, void** handle) {
  return sea::guarded([&]() -> int64_t {
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK(found.has_value(), "libtorch ", TORCH_VERSION, " has no operator ", name, ".", overload);
    *handle = new c10::OperatorHandle(*found);
    return 0;
  });
}

// Returns the number of results; those that do not fit are taken with sea_results before the thread's next call.
SEA_API int64_t sea_call(const void* handle, const Value* arguments, int32_t count, Value* out, int32_t capacity) {
  return sea::guarded([&]() -> int64_t {
    const auto& op = *static_cast<const c10::OperatorHandle*>(handle);
    const auto& formal = op.schema().arguments();
    TORCH_CHECK(static_cast<size_t>(count) <= formal.size(), op.schema(), " was given ", count, " arguments");
    sea::apply_threads();
    torch::jit::Stack stack;
    stack.reserve(formal.size());
    for (size_t i = 0; i < formal.size(); i++) {
      if (i < static_cast<size_t>(count) && arguments[i].tag != sea::kDefault) {
        stack.push_back(to_ivalue(arguments[i]));
      } else {
        TORCH_CHECK(formal[i].default_value().has_value(), op.schema(), " needs argument ", formal[i].name());
        stack.push_back(*formal[i].default_value());
      }
    }
    op.callBoxed(stack);
    results.clear();
    for (const auto& value : stack) push_result(value);
    const auto total = static_cast<int64_t>(results.size());
    if (total <= capacity) std::copy(results.begin(), results.end(), out);
    return total;
  });
}

SEA_API int64_t sea_results(Value* out) {
  std::copy(results.begin(), results.end(), out);
  return static_cast<int64_t>(results.size());
}
