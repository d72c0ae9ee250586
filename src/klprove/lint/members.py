# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a kernel has the members of klp_patch, klp_object and klp_func."""

from dataclasses import dataclass

from klprove.image import Image
from klprove.image.btf import BtfTypes, types
from klprove.image.types import Layout


@dataclass(frozen=True, slots=True)
class Members:
    """Offsets in bytes; None for what these kernels have not. Sizes are 0 where only the module's
    own relocations tell them. As they stand, v5.5 to v6.12 (include/linux/livepatch.h)."""

    objs: int = 8
    states: int | None = 16
    replace: int | None = 24
    name: int = 0
    funcs: int = 8
    callbacks: int | None = 16
    old_name: int = 0
    new_func: int = 8
    old_sympos: int = 16
    object_size: int = 0
    function_size: int = 0

    @property
    def source(self) -> str:
        """Where the sizes are from."""
        return "from the kernel's BTF" if self.function_size else "from relocations"


def members(image: Image) -> Members | None:
    """Those of a kernel, by its BTF; None where that does not have them."""
    found = types(image)
    if found is None:
        return None
    told = BtfTypes(found)
    try:
        patch, owner, function = (
            told.layouts("struct", each)[0] for each in ("klp_patch", "klp_object", "klp_func")
        )
        return Members(
            _at(patch, "objs"),
            _at(patch, "states") if "states" in patch.members else None,
            _at(patch, "replace") if "replace" in patch.members else None,
            _at(owner, "name"),
            _at(owner, "funcs"),
            _at(owner, "callbacks") if "callbacks" in owner.members else None,
            _at(function, "old_name"),
            _at(function, "new_func"),
            _at(function, "old_sympos"),
            owner.size,
            function.size,
        )
    except LookupError:
        return None


def _at(layout: Layout, member: str) -> int:
    return layout.members[member][0] // 8
