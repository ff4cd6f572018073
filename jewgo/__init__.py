"""JewGo: composition of the apps into one service."""

__version__ = "0.1.0"
