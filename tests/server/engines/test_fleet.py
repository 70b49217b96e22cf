from pathlib import Path

import pytest

from quorate_server.engines.fleet import fleet_from
from quorate_server.errors import StartupError
from quorate_server.settings import ServeSettings


def told(**settings: object) -> ServeSettings:
    return ServeSettings.model_validate({"engines": ("http://127.0.0.1:9",), **settings})


def test_what_may_wait_and_where_a_pace_is_kept_is_handed_down(tmp_path: Path) -> None:
    fleet = fleet_from(told(max_queue=7, under_load="refuse", state_dir=tmp_path))
    (replica,) = fleet.pool.replicas
    assert replica.admission.max_queue == 7
    assert replica.gives_way == "refuse"
    assert replica.state_dir == tmp_path
    assert replica.pace_file is None, "not before it is known what the engine is"


@pytest.mark.parametrize(
    "settings",
    [{"closer": "Time is up."}, {"closer": "x</a>", "think_end": "</b>"}],
)
def test_a_closer_that_closes_nothing_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(StartupError):
        fleet_from(told(**settings))


@pytest.mark.parametrize("name", ["answer_opener", "think_end"])
def test_words_around_a_closer_are_nothing_without_it(name: str) -> None:
    with pytest.raises(StartupError, match="--closer"):
        fleet_from(told(**{name: "x"}))
