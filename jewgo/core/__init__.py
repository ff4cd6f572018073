"""The kernel: what every app stands on and what knows no app."""
