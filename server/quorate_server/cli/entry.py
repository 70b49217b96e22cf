"""The console script. The base install has it too, without the gateway that it belongs to."""

import sys


def main() -> None:
    """Run the command line, or say which extra is missing."""
    try:
        from quorate_server.cli.main import app
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("quorate"):
            raise
        sys.exit(
            f"The gateway is not installed ({error.name} is missing): run"
            " `pip install 'quorate[cpu]'` (or 'quorate[gpu]' on a machine with a GPU), or"
            " `pip install 'quorate[server]'` to put it in front of engines that run already."
        )
    app()
