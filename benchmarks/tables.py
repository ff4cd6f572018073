"""Tables of figures, as rows of cells."""

from collections.abc import Sequence

Table = Sequence[Sequence[str]]
"""Rows of cells; the first is the head."""
