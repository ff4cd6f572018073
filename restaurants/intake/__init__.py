"""Places from elsewhere: read, cleaned, translated without a guess, written in batches, accounted for row by row."""
