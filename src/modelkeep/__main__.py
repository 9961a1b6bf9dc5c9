"""`python -m modelkeep` is `modelkeep`."""

from modelkeep.cli.main import main

main()
