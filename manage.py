#!/usr/bin/env python
"""Django's command line; without DATABASE_URL it uses the embedded services of `var/`."""

import os
import sys

from jewgo.core import local


def main() -> None:
    """Run one management command, with the local services up for as long as it lasts if it has no others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")
    if local.is_meant_by(os.environ):
        local.enter_or_exit(os.environ)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
