"""How often a caller may ask: nobody more than a limit within any stretch of time as long as its window."""
