"""`python -m klprove`."""

from klprove.cli import main

main()
