import json
import logging
import os
from pathlib import Path

import pytest

from quorate_sampling.pace import Pace
from quorate_server.pace_store import MOST_BYTES, MOST_FILES, load, pace_file, save
from tests.sampling.paced import paced


def test_a_pace_outlives_the_server(tmp_path: Path) -> None:
    path = pace_file(tmp_path / "state", ["abacus"], "0.32.0")
    pace = paced(first_token_s=0.2, token_s=0.02)
    save(path, pace.state())
    again = load(path)
    assert again is not None
    assert again.first_token_s() == pytest.approx(pace.first_token_s(), rel=0.05)
    assert again.token_s() == pytest.approx(pace.token_s(), rel=0.05)
    assert os.listdir(path.parent) == [path.name]
    assert path.stat().st_size < MOST_BYTES / 4


def test_each_engine_has_a_file_of_its_own_whatever_its_models_are_called(tmp_path: Path) -> None:
    hostile = pace_file(tmp_path, ["../../etc/passwd\0", "x" * 9999], None)
    assert hostile.parent == tmp_path
    assert len(hostile.name) < 64
    ids = ["a", "b"]
    assert pace_file(tmp_path, ids, "1") == pace_file(tmp_path, reversed(ids), "1")
    paths = {pace_file(tmp_path, ids, v) for v in ("1", "2", None)} | {
        pace_file(tmp_path, ["a"], "1")
    }
    assert len(paths) == 4
    there = {pace_file(tmp_path, ids, "1", at) for at in ("http://a:8000", "http://b:8000", None)}
    assert len(there) == 3


def test_nothing_kept_is_no_pace_and_no_warning(tmp_path: Path, caplog) -> None:
    assert load(tmp_path / "none.json") is None
    assert caplog.records == []


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"version": 1}',
        b'{"version": 1, "first_token": 3}',
        b"[" * 30_000,
        b" " * (MOST_BYTES + 1),
        json.dumps(Pace().state()).replace("1.0", "NaN").encode(),
    ],
)
def test_a_corrupt_file_is_passed_over_with_a_warning(tmp_path, caplog, written) -> None:
    path = tmp_path / "pace-x.json"
    path.write_bytes(written)
    with caplog.at_level(logging.WARNING):
        assert load(path) is None
    assert len(caplog.records) == 1


def test_a_folder_in_the_files_place_is_passed_over(tmp_path: Path) -> None:
    assert load(tmp_path) is None


def test_what_cannot_be_written_leaves_the_former_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "pace-x.json"
    save(path, paced().state())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        save(path, {"broken": float("nan")})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_the_folder_stays_bounded(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 5):
        path = tmp_path / f"pace-{number:03}.json"
        path.write_text("{}")
        os.utime(path, (number, number))
    save(tmp_path / "pace-new.json", Pace().state())
    names = sorted(os.listdir(tmp_path))
    assert len(names) == MOST_FILES
    assert "pace-new.json" in names
    assert "pace-000.json" not in names
