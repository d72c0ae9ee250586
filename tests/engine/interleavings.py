"""Small programs, each with a finding that is missed where one rule of the reductions is."""

from klprove.engine.limits import Limits
from klprove.ir import Program, parse_ir

NESTED = """
program cpus 1
object 0x1000 4 x
context task t cpu 0 ; c.c:1:1
    0 irq_set 0:i32 ; c.c:2:1 t
    1 store i32 [0x1000], 1 ; c.c:3:1 t
    2 store i32 [0x1000], 2 ; c.c:4:1 t
    3 halt ; c.c:5:1 t
context nmi n cpu 0 ; c.c:6:1
    0 irq_set 1:i32 ; c.c:7:1 n
    1 pause ; c.c:8:1 n
    2 end ; c.c:9:1 n
context irq i cpu 0 ; c.c:10:1
  registers %a:i32
    0 %a = load i32 [0x1000] ; c.c:11:1 i
    1 branch (%a == 1):i32, 2, 3 ; c.c:12:1 i
    2 report odd ; c.c:13:1 i
    3 end ; c.c:14:1 i
"""
"""The irq reads x between the stores only inside the NMI, which itself has nothing to do with x."""

BELOW = """
program cpus 2
object 0x1000 4 x
object 0x1010 4 y
object 0x1020 4 z
object 0x1030 4 w
context task t cpu 0 ; c.c:1:1
  registers %a:i32 %b:i32
    0 %a = load i32 [0x1010] ; c.c:2:1 t
    1 store i32 [0x1000], 1 ; c.c:3:1 t
    2 %b = load i32 [0x1020] ; c.c:4:1 t
    3 branch ((%a + %b) == 2):i32, 4, 5 ; c.c:5:1 t
    4 report odd ; c.c:6:1 t
    5 halt ; c.c:7:1 t
context task u cpu 1 ; c.c:8:1
  registers %b:i32
    0 %b = load i32 [0x1000] ; c.c:9:1 u
    1 fused store i32 [0x1030], 1 ; c.c:10:1 u
    2 branch (%b == 0):i32, 3, 4 ; c.c:11:1 u
    3 store i32 [0x1020], 1 ; c.c:12:1 u
    4 halt ; c.c:13:1 u
context nmi n cpu 1 ; c.c:14:1
  registers %c:i32
    0 %c = load i32 [0x1030] ; c.c:15:1 n
    1 branch (%c == 0):i32, 2, 3 ; c.c:16:1 n
    2 store i32 [0x1010], 1 ; c.c:17:1 n
    3 end ; c.c:18:1 n
"""
"""The task reads x when its NMI has returned; until then only the NMI's frame is on top."""

ARRIVAL = """
program cpus 2
object 0x1000 4 x
object 0x1010 4 p
context task t cpu 0 ; c.c:1:1
    0 store i32 [0x1010], 1 ; c.c:2:1 t
    1 halt ; c.c:3:1 t
context nmi n cpu 0 ; c.c:4:1
  registers %a:i32 %b:i32
    0 fused %a = load i32 [0x1000] ; c.c:5:1 n
    1 %b = load i32 [0x1010] ; c.c:6:1 n
    2 branch (%a > %b):i32, 3, 4 ; c.c:7:1 n
    3 report odd ; c.c:8:1 n
    4 end ; c.c:9:1 n
context task u cpu 1 ; c.c:10:1
    0 store i32 [0x1000], 1 ; c.c:11:1 u
    1 halt ; c.c:12:1 u
"""
"""The NMI reads x in the step in which it arrives."""

COUNT = """
program cpus 2
option preempt
object 0x1000 4 p
object 0x1010 4 __preempt_count cpu 0
context task t cpu 0 ; c.c:1:1
    0 store i32 [0x1000], 1 ; c.c:2:1 t
    1 store i32 [0x1000], 2 ; c.c:3:1 t
    2 end ; c.c:4:1 t
context task u cpu 0 ; c.c:5:1
  registers %a:i32
    0 %a = load i32 [0x1000] ; c.c:6:1 u
    1 branch (%a == 1):i32, 2, 3 ; c.c:7:1 u
    2 report odd ; c.c:8:1 u
    3 end ; c.c:9:1 u
context task v cpu 1 ; c.c:10:1
    0 store i32 [0x1010], 1 ; c.c:11:1 v
    1 halt ; c.c:12:1 v
"""
"""Another CPU ends preemption between the two tasks."""

FLAG = """
program cpus 2
object 0x1000 4 x
context task t cpu 0 ; c.c:1:1
    0 irq_set 0:i32 ; c.c:2:1 t
    1 irq_set 1:i32 ; c.c:3:1 t
    2 halt ; c.c:4:1 t
context task u cpu 1 ; c.c:5:1
    0 store i32 [0x1000], 1 ; c.c:6:1 u
    1 store i32 [0x1000], 3 ; c.c:7:1 u
    2 halt ; c.c:8:1 u
property invariant never ; c.c:9:1
  registers %v:i32 %f:u8
    0 fused %v = load i32 [0x1000] ; c.c:10:1 never
    1 %f = irq_get ; c.c:10:1 never
    2 result ((%v - i32(%f:u8)) != 1):i32 ; c.c:10:1 never
"""
"""An invariant reads an interrupt flag and what another CPU writes."""

CASES = {
    "nested": NESTED,
    "below": BELOW,
    "arrival": ARRIVAL,
    "count": COUNT,
    "flag": FLAG,
}
ONE_EACH = Limits(arrivals={"irq": 1, "nmi": 1})


def case(name: str) -> Program:
    """One of CASES."""
    return parse_ir(CASES[name])
