# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a kernel has the members of klp_patch, klp_object and klp_func."""

from dataclasses import dataclass

from klprove.image import Image
from klprove.image.structures import structure


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
    patch, owner, function = (
        structure(image, each) for each in ("klp_patch", "klp_object", "klp_func")
    )
    if patch is None or owner is None or function is None:
        return None
    try:
        return Members(
            patch.members["objs"],
            patch.members.get("states"),
            patch.members.get("replace"),
            owner.members["name"],
            owner.members["funcs"],
            owner.members.get("callbacks"),
            function.members["old_name"],
            function.members["new_func"],
            function.members["old_sympos"],
            owner.size,
            function.size,
        )
    except KeyError:
        return None
