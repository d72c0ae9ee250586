# SPDX-License-Identifier: GPL-2.0-or-later
"""The shared variables of a litmus test: every `int` that some task accesses."""

import re
from dataclasses import dataclass, field

from klprove.export.litmus_thread import Access, refuse
from klprove.ir.program import Program

_TAKEN = re.compile(
    r"(r|bad)\d*|P\d+|done|if|else|while|volatile|_Atomic|char|int|long|void|struct|lock|unlock|"
    r"u?int(8|16|32|64|ptr)_t|__u?int128(_t)?|mtx_(t|lock|unlock)|spinlock_t|atomic_\w+|srcu_struct|"
    r"WCAS|SCAS|memory_order_\w+|final|forall|exists|cases|[oO]bserved|locations|filter|with|"
    r"and|not|true|false|nop|NOP|pac\w*|[fF]ault|tag|TAG|[aA]ttrs|oa|pending|active|enabled|priority|"
    r"affinity|routing_mode|handling_mode|valid|PTE|TTD|PA|INTID|intid|parel1_t|PAREL1_T|SS|SSCap|"
    r"instr|label|gicarg|GICARG|ssval_t|ATOMIC_INIT"
)
"""Names that mean something else to herd (lib/CLexer.mll, lib/stateLexer.mll, lib/splitter.mll), or
that the test gives to locals."""


@dataclass
class Places:
    """The shared variables, named as they are met."""

    program: Program
    names: dict[int, str] = field(default_factory=dict)

    def name(self, access: Access) -> str:
        """The variable of `access`. Raises BadInput where that is no `int`."""
        known = self.names.get(access.addr)
        holder = self.program.object_at(access.addr)
        leaves = holder.leaves if holder else ()
        offset = access.addr - (holder.addr if holder else 0)
        leaf = next((each for each in leaves if each.offset == offset), None)
        if leaf is None or leaf.ty.bits != 32 or access.ty.bits != 32:
            what = f"{self.program.describe(access.addr)}, which is no int"
            refuse(access.at, what, "herd7 knows int only")
        if known is None:
            known = self.names[access.addr] = self._new(self.program.describe(access.addr))
        return known

    def _new(self, text: str) -> str:
        name = re.sub(r"\W+", "_", text.removesuffix(".counter")).strip("_")
        while _TAKEN.fullmatch(name) or name in self.names.values():
            name += "_"
        return name

    def type(self, addr: int) -> str:
        """The type of a pointer to the variable at `addr`, which is known."""
        return "atomic_t" if self.program.describe(addr).endswith(".counter") else "int"

    def initial(self) -> str:
        """The initial values that are not zero, in braces."""
        found = []
        for addr, name in sorted(self.names.items()):
            holder = self.program.object_at(addr)
            assert holder is not None
            raw = holder.init[addr - holder.addr :][:4]
            start = int.from_bytes(raw, "little", signed=True)
            if start:
                found.append(f"\t{name}={start};\n")
        return "{\n" + "".join(found) + "}" if found else "{}"
