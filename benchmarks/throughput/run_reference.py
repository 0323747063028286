#!/usr/bin/env python3
"""Runs the plain PyTorch loop of sea_reference.py, unchanged, on a workload written by the benchmark: the same weights, prompts, start
and number of steps as the lane gets, so that speed is compared at equal losses. Prints one JSON line."""
import argparse
import json
import time
from pathlib import Path

import torch

from sea_reference import Model, optimise, read_safetensors

a = argparse.ArgumentParser()
a.add_argument("folder", type=Path)
a.add_argument("--together", type=int, nargs="+", default=[1])
a.add_argument("--threads", type=int, default=2)
a = a.parse_args()
torch.set_num_threads(a.threads)
work = json.loads((a.folder / "workload.json").read_text())
dtype, device = getattr(torch, work["dtype"]), work["device"]
tensors = read_safetensors(a.folder / "workload.safetensors")
init = tensors.pop("init").to(device)
model = Model(work["config"], {k: v.to(device=device, dtype=dtype) for k, v in tensors.items()})
media, start = work["config"]["media"], work["media_start"]


def pair(p):
    ids = torch.tensor(p["ids"])
    slots = torch.zeros(len(ids), dtype=torch.bool)
    slots[start:start + media] = True
    return ids, torch.tensor(p["labels"]), slots


pairs = [[pair(p) for p in sample] for sample in work["samples"]]
sync = torch.cuda.synchronize if device == "cuda" else lambda: None
results = []
for together in a.together:
    optimise(model, init, pairs[:together], work["learning_rate"], 1)  # warm up
    sync()
    begin = time.perf_counter()
    curves = [optimise(model, init, pairs[i:i + together], work["learning_rate"], work["steps"]) for i in range(0, len(pairs), together)]
    sync()
    seconds = time.perf_counter() - begin
    # curves: per batch, per step, per sample -> per sample, per step
    losses = [[row[k] for row in batch] for batch in curves for k in range(len(batch[0]))]
    results.append({"together": together, "seconds": seconds, "losses": losses})
print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "results": results}))
