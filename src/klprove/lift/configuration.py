# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration: defconfig, the options of the kernel model, what the user says."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from klprove.kernels import Kernel

HERE = Path(__file__).with_name("defconfig")
_SET = re.compile(r"^(CONFIG_\w+)=(y|m|\d+)[ \t]*$", re.MULTILINE)
_DEFAULT = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(CONFIG_\w+)[ \t]+(\d+)", re.MULTILINE)
_ALWAYS = dict.fromkeys(
    ("__KERNEL__", "__GNUC__", "__x86_64__", "__ARCH_IRQ_EXIT_IRQS_DISABLED"), "1"
)
"""The compiler's and the architecture's own."""


def configuration(kernel: Kernel, defines: Mapping[str, str]) -> dict[str, str]:
    """Macros by name: what is on, and the options of the model; 0 is off for those it names."""
    found = {name: "1" if value in "ym" else value for name, value in _SET.findall(_text([HERE]))}
    found |= dict(_DEFAULT.findall(_text(kernel.files)))
    found |= {name: value for name, value in defines.items() if name.startswith("CONFIG_")}
    return {name: value for name, value in found.items() if value != "0"} | _ALWAYS


def _text(files: Sequence[Path]) -> str:
    return "\n".join(each.read_text(encoding="utf-8") for each in files)
