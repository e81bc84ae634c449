"""`python -m lambent` is the `lambent` command."""

from lambent.cli import main

main()
