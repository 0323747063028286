#!/bin/sh
# Builds native/out/libsea_torch.so against the libtorch that CMake finds. TORCH_INSTALL or CMAKE_PREFIX_PATH choose another:
#   TORCH_INSTALL=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)') native/build.sh
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cmake -S "$here" -B "$here/build" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$here/build" --parallel "$(nproc)"
mkdir -p "$here/out"
# Renamed into place: a process that has the old library mapped keeps it whole.
cp "$here/build/libsea_torch.so" "$here/out/libsea_torch.so.new"
mv "$here/out/libsea_torch.so.new" "$here/out/libsea_torch.so"
