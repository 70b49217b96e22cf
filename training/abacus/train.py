"""Trains abacus from nothing: `python -m training.abacus.train --minutes 75`.

Minutes are counted while steps run: a run that is paused or stopped goes on from its checkpoint.
"""

import argparse
import logging
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.optim import AdamW, Muon, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import Qwen3ForCausalLM

from training.abacus.batches import IGNORED, Batch, by_length
from training.abacus.certainty import chance_of_flawless
from training.abacus.examples import draw_example
from training.abacus.model import build_model
from training.abacus.schedule import learning_rate, level_weights

log = logging.getLogger("abacus")

POOL_BATCHES = 24
LONGEST_STEP_S = 10.0
AVERAGED_OVER_STEPS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asks for."""

    minutes: float
    seed: int
    folder: Path
    width: int
    layers: int
    tokens_per_batch: int
    muon_rate: float
    adam_rate: float
    compiled: bool
    report_minutes: float


class Run:
    """A training run: everything that its checkpoint holds."""

    def __init__(self, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.rng = random.Random(plan.seed)
        self.model = build_model(plan.width, plan.layers)
        decay = 1 - 1 / AVERAGED_OVER_STEPS
        follow = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]  # torch has no types
        self.average = AveragedModel(self.model, multi_avg_fn=follow)
        self.optimizers = _optimizers(self.model, plan)
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self.forward: Any = self.model
        if plan.compiled:
            self.forward = torch.compile(self.model, dynamic=True)

    @property
    def checkpoint(self) -> Path:
        """Where the run is kept."""
        return self.plan.folder / "checkpoint.pt"

    @property
    def progress(self) -> float:
        """The share that is done, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.plan.minutes))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        scratch = self.checkpoint.with_suffix(".tmp")
        torch.save(
            {
                "width": self.plan.width,
                "layers": self.plan.layers,
                "model": self.model.state_dict(),
                "average": self.average.module.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "rng": self.rng.getstate(),
                "counters": (self.step, self.tokens, self.seconds),
            },
            scratch,
        )
        scratch.replace(self.checkpoint)

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        if not self.checkpoint.exists():
            return
        saved = torch.load(self.checkpoint, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.average.module.load_state_dict(saved["average"])
        self.average.n_averaged.fill_(1)
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        self.rng.setstate(saved["rng"])
        self.step, self.tokens, self.seconds = saved["counters"]
        log.info("resumed at step %d", self.step)

    def batches(self) -> Iterator[Batch]:
        """Batches without end, of levels that follow the progress."""
        while True:
            weights = level_weights(self.progress)
            pool, drawn = [], 0
            while drawn < POOL_BATCHES * self.plan.tokens_per_batch:
                pool.append(draw_example(self.rng, weights))
                drawn += len(pool[-1].ids)
            yield from by_length(pool, self.plan.tokens_per_batch, self.rng)

    def learn(self, batch: Batch) -> float:
        """Take one step; returns the loss in nats a token."""
        started = time.monotonic()
        rate = learning_rate(self.progress)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full_lr"] * rate
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = self.forward(input_ids=batch.ids, use_cache=False).logits
        loss = cross_entropy(
            logits.float().flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORED
        )
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.average.update_parameters(self.model)
        self.step += 1
        self.tokens += batch.ids.numel()
        self.seconds += min(time.monotonic() - started, LONGEST_STEP_S)
        return loss.item()

    def report(self, loss: float) -> None:
        """Log where the run stands, with the averaged model's accuracy by level."""
        averaged = self.average.module
        assert isinstance(averaged, Qwen3ForCausalLM)
        chances = chance_of_flawless(averaged, questions=64, seed=1)
        log.info(
            "step %d  %.1f min  %.1f M tokens  loss %.4f  flawless by level %s",
            self.step,
            self.seconds / 60,
            self.tokens / 1e6,
            loss,
            " ".join(f"{chance:.2f}" for chance in chances.values()),
        )


def _optimizers(model: Qwen3ForCausalLM, plan: Plan) -> list[Optimizer]:
    """Muon for the matrices inside, AdamW for embeddings and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimizers: list[Optimizer] = [
        Muon(matrices, lr=plan.muon_rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        AdamW(others, lr=plan.adam_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["full_lr"] = group["lr"]
    return optimizers


def train(plan: Plan) -> None:
    """Train until the planned minutes are over, with a checkpoint at each report."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    run = Run(plan)
    run.resume()
    reported, losses = run.seconds, [0.0]
    for batch in run.batches():
        if run.progress >= 1:
            break
        losses = [*losses[-99:], run.learn(batch)]
        if run.seconds - reported > 60 * plan.report_minutes:
            reported = run.seconds
            run.report(sum(losses) / len(losses))
            run.save()
    run.report(sum(losses) / len(losses))
    run.save()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path(".cache/abacus/run"))
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--tokens-per-batch", type=int, default=4096)
    parser.add_argument("--muon-rate", type=float, default=6e-3)
    parser.add_argument("--adam-rate", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compiled", action="store_true", help="slower to start, faster to run")
    parser.add_argument("--report-minutes", type=float, default=2.0)
    arguments = vars(parser.parse_args())
    torch.set_num_threads(arguments.pop("threads"))
    logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(message)s", level=logging.INFO)
    train(Plan(**arguments))


if __name__ == "__main__":
    main()
