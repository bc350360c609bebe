"""`python -m bbans_cli` is `bbc`."""

from bbans_cli.cli import main

main()
