"""The same question gives the same bytes, wherever and however it is asked."""
