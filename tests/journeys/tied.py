"""Become a command that ends with the process that asked for it: `python -m tests.journeys.tied PARENT COMMAND …`."""

import os
import signal
import sys

from jewgo.core.processes import tied_to


def main(parent: str, *command: str) -> None:
    """Tie this process to its parent, then become `command`: the tie outlives that."""
    tied_to(int(parent), signal.SIGTERM)()
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
