"""Trains the network that tells parts from the table, on rendered frames alone; see README.md beside it.

python -m lab_simulation.dataset --out data/frames --frames 1200 --seed 7
python training/train.py --frames data/frames --out parts.onnx
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from network import PartsNetwork, loss
from rich.progress import track
from samples import HEIGHT, WIDTH, Samples, prepare


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=Path, required=True, help="folder written by lab_simulation.dataset")
    parser.add_argument(
        "--out", type=Path, required=True, help="network to write, ONNX; its JSON goes beside it"
    )
    parser.add_argument("--init", type=Path, help="weights to go on from, the .pt of an earlier training")
    parser.add_argument("--steps", type=int, default=6000, help="of --batch samples")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1.5e-3, help="learning rate at first; it falls to zero")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    prepared = options.frames / "prepared"
    print(f"{prepare(options.frames, prepared)} frames")
    network = train(options, prepared)
    torch.save(network.state_dict(), options.out.with_suffix(".pt"))
    export(network, options.out)


def train(options: argparse.Namespace, prepared: Path) -> PartsNetwork:
    """The trained network. The backbone knows images already: it learns a quarter as fast as the rest."""
    network = PartsNetwork().to(memory_format=torch.channels_last)
    if options.init:
        network.load_state_dict(torch.load(options.init, weights_only=True))
    known = {id(p) for module in (network.stem, network.bn0, network.blocks) for p in module.parameters()}
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in network.parameters() if id(p) in known], "lr": 0.25 * options.rate},
            {"params": [p for p in network.parameters() if id(p) not in known], "lr": options.rate},
        ],
        weight_decay=1e-4,
    )

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / 100) * 0.5 * (1.0 + np.cos(np.pi * step / options.steps))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    loader = torch.utils.data.DataLoader(
        Samples(prepared, options.seed), batch_size=options.batch, num_workers=1, prefetch_factor=4
    )
    network.train()
    recent: list[float] = []
    for step, (images, wanted) in zip(track(range(1, options.steps + 1)), loader, strict=False):
        with torch.autocast("cpu", torch.bfloat16):
            answers = network(images.contiguous(memory_format=torch.channels_last))
        error = loss(answers.float(), wanted)
        optimiser.zero_grad()
        error.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        recent.append(error.item())
        if step % 200 == 0:
            print(f"step {step}: loss {np.mean(recent):.3f}")
            recent.clear()
    return network


def export(network: PartsNetwork, path: Path) -> None:
    """Writes the network as ONNX and its description, by which it is loaded, beside it."""
    network.eval()
    sizes = {2: "height", 3: "width"}
    torch.onnx.export(
        network,
        (torch.zeros(1, 6, HEIGHT, WIDTH),),
        str(path),
        opset_version=13,
        dynamo=False,
        input_names=["view"],
        output_names=["evidence"],
        dynamic_axes={"view": sizes, "evidence": {2: "half_height", 3: "half_width"}},
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(
        json.dumps({"file": path.name, "sha256": digest}) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
