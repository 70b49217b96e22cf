import sys

import pytest

from quorate_server.cli import entry


def test_without_the_gateways_libraries_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [n for n in sys.modules if n.startswith("quorate_server.cli.")]:
        if name != "quorate_server.cli.entry":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as leaving:
        entry.main()
    assert "quorate[cpu]" in str(leaving.value.code)
    assert "typer" in str(leaving.value.code)
