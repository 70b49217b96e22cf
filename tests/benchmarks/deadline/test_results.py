from pathlib import Path

from benchmarks.deadline.results import Measured, Results
from tests.benchmarks.deadline.replies import a_cell, reply

SETTINGS = {"seconds": 5.0}


def test_what_was_measured_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "deadline.json"
    done = Results(SETTINGS).with_engine(Measured("engine", 5.0, 0.04, 0.008, {"1": 80}))
    done = done.with_cell(a_cell([reply(), reply(budget_s=2.0, status=503)]))
    done.write(path)
    assert Results.read(path, SETTINGS) == done
    assert done.has("engine", "Quorate", 1.0)
    assert not done.has("engine", "Quorate", 2.0)


def test_other_settings_are_another_run(tmp_path: Path) -> None:
    path = tmp_path / "deadline.json"
    Results(SETTINGS).with_cell(a_cell([reply()])).write(path)
    assert Results.read(path, {"seconds": 6.0}).cells == ()


def test_without_a_file_nothing_is_done_yet(tmp_path: Path) -> None:
    assert Results.read(tmp_path / "none.json", SETTINGS) == Results(SETTINGS)
    Results(SETTINGS).write(None)
