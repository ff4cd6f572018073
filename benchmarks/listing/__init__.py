"""The v4 list beside programs that give the same answer: what a request costs in CPU time."""
