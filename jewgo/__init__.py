"""JewGo: composition of the apps into one service."""
