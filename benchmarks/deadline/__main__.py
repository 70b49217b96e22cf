"""Answers in time under load: Quorate beside the stock engine.

    python -m benchmarks.deadline [--engine real|simulated] [--quick] [--resume] [--json FILE]

Requests come as a Poisson process at 0.5, 1, 2 and 4 times what the engine can answer whole, each
with a budget of 0.5, 1, 2, 3.5 or 8 s drawn at random. Quorate is told the budget; the stock
engine's client leaves when it is over, in one case with a `max_tokens` set by hand for each budget.
All get the same questions at the same times. Late is what the server's kernel got after the
deadline, by the kernel's own stamps (`exchange`); as the client saw it is told beside it. Once on
vLLM with the bundled reasoner's longest chains, once on a simulated 7-B model on one GPU
(`benchmarks/simulated`).
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from benchmarks.deadline.arrivals import BUDGETS_S, poisson
from benchmarks.deadline.capacity import Speed, capacity, idle_speed
from benchmarks.deadline.cells import Stand, run
from benchmarks.deadline.measures import Cell, cell
from benchmarks.deadline.reply import replies
from benchmarks.deadline.results import Measured, Results
from benchmarks.deadline.stands import STANDS
from benchmarks.deadline.systems import QUORATE, QUORATE_GROUP, STOCK, System, tuned
from benchmarks.deadline.tables import by_budget, by_load, engines, targets
from benchmarks.deadline.targets import checks
from benchmarks.deadline.tuning import tuned_max_tokens

GROUP_LOADS = (1.0, 4.0)
"""Where groups are run too: these tell what there is to tell."""
SEED = 3


@dataclass(frozen=True, slots=True)
class Options:
    """At which multiples of the capacity, with which budgets, and for how long (seconds)."""

    loads: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    budgets_s: tuple[float, ...] = BUDGETS_S
    seconds: float = 12.0
    capacity_s: float = 20.0
    tuning_s: float = 6.0

    def settings(self) -> dict[str, object]:
        return {"seconds": self.seconds, "budgets_s": list(self.budgets_s), "seed": SEED}


QUICK = Options(
    loads=(1.0, 4.0), budgets_s=(0.5, 1.0, 2.0), seconds=4.0, capacity_s=10.0, tuning_s=2.0
)
Tell = Callable[[str], None]
Save = Callable[[Results], None]


def measure(stand: Stand, options: Options, done: Results, tell: Tell, save: Save) -> Results:
    """All cells of one engine that are not done yet; each is saved when it is."""
    known = done.engine(stand.name)
    if known is None:
        known = prepare(stand, options, tell)
        done = done.with_engine(known)
        save(done)
    by_hand = tuned({float(budget): limit for budget, limit in known.max_tokens.items()})
    for load in options.loads:
        rate = load * known.capacity_per_s
        groups = (QUORATE_GROUP,) if load in GROUP_LOADS else ()
        for system in (QUORATE, STOCK, by_hand, *groups):
            if done.has(stand.name, system.name, load):
                continue
            tell(f"{stand.name}: {system.name} at {load:g}× ({rate:.1f} requests/s) …")
            done = done.with_cell(_cell(stand, system, load, rate, options))
            save(done)
    return done


def prepare(stand: Stand, options: Options, tell: Tell) -> Measured:
    """Capacity, idle speed, and the limits set by hand."""
    tell(f"{stand.name}: capacity …")
    per_s = capacity(stand, options.capacity_s)
    speed: Speed = idle_speed(stand)
    tell(f"{per_s:.1f} answers/s; alone {1000 * speed.token_s:.1f} ms a token; max_tokens …")
    limits = tuned_max_tokens(stand, speed, per_s, options.budgets_s, options.tuning_s)
    told = {f"{budget:g}": limit for budget, limit in limits.items()}
    return Measured(stand.name, per_s, speed.first_token_s, speed.token_s, told)


def _cell(stand: Stand, system: System, load: float, rate: float, options: Options) -> Cell:
    arrivals = poisson(rate, options.seconds, seed=SEED, budgets_s=options.budgets_s)
    ran = run(stand, system, arrivals)
    return cell(
        replies(ran.served),
        engine=stand.name,
        system=system.name,
        load=load,
        rate=rate,
        seconds=options.seconds,
        generated=ran.generated,
        late_steps=ran.late_steps,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.deadline", description=__doc__)
    parser.add_argument("--engine", choices=STANDS, help="one of the two [default: both]")
    parser.add_argument("--quick", action="store_true", help="a minute, on the simulated engine")
    parser.add_argument("--seconds", type=float, help="of arrivals in each cell")
    parser.add_argument("--loads", type=float, nargs="+", help="multiples of the capacity")
    parser.add_argument("--resume", action="store_true", help="go on with what --json holds")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    given = parser.parse_args()
    options = QUICK if given.quick else Options()
    if given.seconds is not None:
        options = replace(options, seconds=given.seconds)
    if given.loads is not None:
        options = replace(options, loads=tuple(given.loads))
    both = ["simulated"] if given.quick else list(STANDS)
    console = Console(stderr=True)

    def tell(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    settings = options.settings()
    done = Results.read(given.json if given.resume else None, settings)
    for engine in [given.engine] if given.engine else both:
        tell(f"starting {engine} …")
        with STANDS[engine]() as stand:
            done = measure(stand, options, done, tell, lambda now: now.write(given.json))
    found = checks(done.cells, QUORATE.name, _baselines(done.cells))
    done = replace(done, checks=tuple(found))
    done.write(given.json)
    shown = Console(width=None if sys.stdout.isatty() else 170)
    shown.print(engines(done.engines))
    for name in dict.fromkeys(c.engine for c in done.cells):
        shown.print(by_budget(name, done.cells), by_load(name, done.cells))
    shown.print(targets(found))


def _baselines(cells: tuple[Cell, ...]) -> list[str]:
    return [name for name in dict.fromkeys(c.system for c in cells) if "Quorate" not in name]


if __name__ == "__main__":
    main()
