"""`python -m labelkeep` is `labelkeep`."""

from labelkeep.cli import main

main()
