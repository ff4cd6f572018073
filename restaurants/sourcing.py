"""Where a fact comes from: the date of a source, as precise as the source gives it."""

from typing import Final

SOURCED_ON: Final = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"
"""2019, 2025-08 or 2025-08-12; empty when the source gives none."""
