# SPDX-License-Identifier: GPL-2.0-or-later
"""`.BTF`, the types of a kernel (Documentation/bpf/btf.rst): read once, then asked by signature, by
offset, or as a caller sees them."""

from klprove.image.btf.layout import Layout, Leaf
from klprove.image.btf.reading import NO_TYPES, Types, types
from klprove.image.btf.signatures import Signature, Signatures
from klprove.image.btf.typed import BtfTypes

__all__ = [
    "NO_TYPES",
    "BtfTypes",
    "Layout",
    "Leaf",
    "Signature",
    "Signatures",
    "Types",
    "types",
]
