"""The v4 contract of users."""
