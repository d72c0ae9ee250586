# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON (RFC 8259) in printable ASCII."""

import json
from collections.abc import Callable
from typing import Any

from klprove.source import plain


def plain_json(content: Any, spell: Callable[[str], str] = plain) -> str:
    """`content` as JSON, every text of it as `spell` has it; no newline at the end."""

    def spelt(part: Any) -> Any:
        if isinstance(part, str):
            return spell(part)
        if isinstance(part, dict):
            return {spell(key): spelt(each) for key, each in part.items()}
        return list(map(spelt, part)) if isinstance(part, list | tuple) else part

    return json.dumps(spelt(content), indent=1)
