"""`python -m quorate_server.cli`: the console script, for where its folder is not on the path."""

from quorate_server.cli.entry import main

main()
