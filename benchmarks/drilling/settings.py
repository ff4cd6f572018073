"""The project's settings with the certificate's times cut short, so that a migration fits into an hour."""

from datetime import timedelta

from jewgo.settings import *  # noqa: F403
from jewgo.settings import ROLLOUT

ROLLOUT["CERTIFICATE"] = {"WITHOUT_HOLDOUT": timedelta(seconds=20), "QUIET": timedelta(seconds=30)}
