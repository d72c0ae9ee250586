"""What a verdict rests on: the runs that check the checker, their counts, and the page on them."""
