"""The v4 contract of restaurants: straight to the v4 engine, behind the gate."""
