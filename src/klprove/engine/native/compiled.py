# SPDX-License-Identifier: GPL-2.0-or-later
"""From LLVM text to machine code, through llvmlite alone: no compiler, nothing on disk."""

import ctypes
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from threading import Thread
from typing import Any

_ENTRIES = {
    "begin": 10,
    "search": 10,
    "labour": 22,
    "stretch": 3,
    "respace": 7,
    "refill": 4,
    "fingerprints": 4,
    "climb": 5,
    "spread": 10,
    "admit": 9,
    "enter": 5,
    "find": 4,
    "named": 2,
    "sweep": 11,
    "lost": 5,
}
"""Functions called from Python, and how many words they take."""
_BETTER = 2


def available() -> bool:
    """True where llvmlite is installed, and mappings can grow (mremap)."""
    return sys.platform == "linux" and find_spec("llvmlite") is not None


class Compiled:
    """Machine code of one module. It lives as long as this object."""

    def __init__(self, text: str, level: int, entries: Mapping[str, int] = _ENTRIES) -> None:
        import llvmlite.binding as llvm  # not needed by whoever uses another engine

        self.level = level
        began = time.monotonic()
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        module = llvm.parse_assembly(_exported(text, entries))
        machine = llvm.Target.from_default_triple().create_target_machine(
            opt=level,
            jit=True,
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
        )
        if level:
            options = llvm.create_pipeline_tuning_options(speed_level=level)
            builder = llvm.create_pass_builder(machine, options)
            builder.getModulePassManager().run(module, builder)
        self._engine: Any = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()
        self._functions = {
            name: ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_uint64] * count)(
                self._engine.get_function_address(name)
            )
            for name, count in entries.items()
            if f"@{name}(" in text
        }
        self.seconds = time.monotonic() - began
        """What compilation took."""

    def address(self, name: str) -> int:
        """Where a function begins."""
        return int(self._engine.get_function_address(name))

    def call(self, name: str, *words: int) -> int:
        """A function of `engine/native/kernels.py`, on the addresses of its arrays."""
        return int(self._functions[name](*words))


class Better:
    """The same module, optimised by a thread while the first code runs."""

    def __init__(self, text: str, entries: Mapping[str, int] = _ENTRIES) -> None:
        self.code: Compiled | None = None
        """None until it is there."""
        self._text, self._entries = text, entries
        Thread(target=self._compile, name="compiler").start()

    def _compile(self) -> None:
        self.code = Compiled(self._text, _BETTER, self._entries)


def _exported(text: str, entries: Mapping[str, int]) -> str:
    for name in entries:
        text = text.replace(f"define internal i64 @{name}(", f"define i64 @{name}(")
    return text
