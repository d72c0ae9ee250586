"""What klprove is shipped as: sdist and wheel, manual pages, completion, recipes for a gate."""
