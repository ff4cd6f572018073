"""The v4 contract of reviews."""
