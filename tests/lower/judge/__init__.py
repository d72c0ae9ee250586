"""gcc as the judge of sequential C: the same program compiled and run, and lowered and run."""
