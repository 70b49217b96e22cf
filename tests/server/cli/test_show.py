from quorate_server.cli.show import bar


def test_a_bar_can_be_read_without_colour() -> None:
    assert bar(0.25, 8).plain == "██░░░░░░"
    assert bar(0.0, 4).plain == "░░░░"
    assert bar(1.7, 4).plain == "████"
