"""`python -m alloop` is the command `alloop`."""

from alloop.cli import main

main()
