"""A whole installation under load while v4 is made to fail: what people got, how long it took, what was counted."""
