"""Litmus tests: what an x86-TSO machine may do, against what klprove finds."""
