# SPDX-License-Identifier: GPL-2.0-or-later
"""What a wheel holds beside the package: manual pages, and completion for three shells.

Both are made from the commands themselves, so neither can say anything else than they do.
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """Called by hatchling for each wheel; not for an editable one, whose commands still change."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files and say where they belong below the environment's root."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from klprove.cli.completing import SHELLS, script
        from klprove.cli.manual import pages

        self._folder = tempfile.TemporaryDirectory(prefix="klprove-build-")
        released = re.search(r"^## .*(\d{4}-\d\d-\d\d)$", (root / "CHANGELOG.md").read_text(), re.M)
        files = {f"share/man/man1/{name}": text for name, text in pages(released[1]).items()}
        files |= {place: script(shell) for shell, place in SHELLS.items()}
        for place, text in files.items():
            path = Path(self._folder.name, Path(place).name)
            path.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(path)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the files that were made."""
        if version != "editable":
            self._folder.cleanup()
