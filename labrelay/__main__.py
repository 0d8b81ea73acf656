"""`python -m labrelay` is the command `labrelay`."""

from labrelay.cli import main

main()
