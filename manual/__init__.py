"""The manual: docs/, the README's first screen, and a reference written from the code, as pages
that need no network."""
