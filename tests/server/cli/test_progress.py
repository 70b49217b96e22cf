import io

from quorate_server.cli.progress import StartProgress


def test_each_phase_is_a_line_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    progress = StartProgress(stream)
    for phase in ("starting", "loading", "loading"):
        progress.phase(phase)
    assert progress.end() >= 0
    assert stream.getvalue() == "quorate: starting (0 s)\nquorate: loading (0 s)\n"
