import logging
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quorate_sampling.pace import Pace
from quorate_server.pace_keeping import keeping_paces
from quorate_server.pace_store import load
from tests.sampling.paced import paced
from tests.server.http1.scripted import until


@dataclass
class Engine:
    pace_file: Path | None
    pace: Pace = field(default_factory=paced)


async def test_paces_are_written_now_and_then(tmp_path: Path) -> None:
    path = tmp_path / "pace-a.json"
    async with keeping_paces(lambda: [Engine(path)], every_s=0.01):
        await until(lambda: load(path) is not None)


async def test_and_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "pace-a.json"
    async with keeping_paces(lambda: [Engine(path)]):
        assert load(path) is None
    assert load(path) is not None


async def test_what_is_nowhere_to_be_kept_or_has_seen_nothing_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "pace-b.json"
    async with keeping_paces(lambda: [Engine(None), Engine(path, Pace())]):
        pass
    assert load(path) is None


async def test_a_disk_that_takes_nothing_costs_a_warning(tmp_path: Path, caplog) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    good, bad = tmp_path / "pace-a.json", tmp_path / "state" / "pace-b.json"
    with caplog.at_level(logging.WARNING):
        async with keeping_paces(lambda: [Engine(bad), Engine(good)]):
            pass
    assert len(caplog.records) == 1
    assert load(good) is not None


class Spoilt(Pace):
    def state(self) -> dict[str, Any]:
        return {"usual_prompt": math.nan}


async def test_a_pace_that_is_no_json_costs_a_warning_and_the_others_nothing(
    tmp_path: Path, caplog
) -> None:
    good, bad = tmp_path / "pace-a.json", tmp_path / "pace-b.json"
    timing = (spoilt := Spoilt()).sent(3)
    timing.first_token()
    timing.ended(5)
    async with keeping_paces(lambda: [Engine(bad, spoilt), Engine(good)], every_s=0.01):
        await until(lambda: load(good) is not None)
        good.unlink()
        await until(lambda: load(good) is not None)
    assert all("cannot be kept" in record.message for record in caplog.records)
    assert not bad.exists()
