"""Fuzzing: every reader of bytes from outside gets bytes that nobody meant to write."""
