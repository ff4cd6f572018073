"""Figures that are measured, each by a module of its own that prints them."""
