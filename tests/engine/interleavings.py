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

CARRY = """
program cpus 1
object 0x1000 4 x
context task t cpu 0 ; c.c:1:1
  registers %b:u8
    0 store i32 [0x1000], 255 ; c.c:2:1 t
    1 rmw add i32 [0x1000], 1 ; c.c:3:1 t
    2 %b = load u8 [0x1001] ; c.c:4:1 t
    3 branch %b:u8, 4, 5 ; c.c:5:1 t
    4 report odd ; c.c:6:1 t
    5 halt ; c.c:7:1 t
"""
"""What is read of x comes out of a byte that nobody reads."""

HALF = """
program cpus 1
object 0x1000 4 x
context task t cpu 0 ; c.c:1:1
  registers %a:i32
    0 store i32 [0x1000], 257 ; c.c:2:1 t
    1 store u8 [0x1000], 0 ; c.c:3:1 t
    2 %a = load i32 [0x1000] ; c.c:4:1 t
    3 branch (%a == 256):i32, 4, 5 ; c.c:5:1 t
    4 report odd ; c.c:6:1 t
    5 halt ; c.c:7:1 t
"""
"""A write of a part of x."""

KEPT = """
program cpus 1
option preempt
object 0x1000 4 p
object 0x1010 4 __preempt_count cpu 0
context task t cpu 0 ; c.c:1:1
    0 store i32 [0x1010], 1 ; c.c:2:1 t
    1 store i32 [0x1000], 1 ; c.c:3:1 t
    2 store i32 [0x1000], 0 ; c.c:4:1 t
    3 store i32 [0x1010], 0 ; c.c:5:1 t
    4 yield ; c.c:6:1 t
    5 store i32 [0x1000], 2 ; c.c:7:1 t
    6 end ; c.c:8:1 t
context task u cpu 0 ; c.c:9:1
  registers %a:i32
    0 %a = load i32 [0x1000] ; c.c:10:1 u
    1 branch (%a == 1):i32, 2, 3 ; c.c:11:1 u
    2 report even ; c.c:12:1 u
    3 branch (%a == 2):i32, 4, 5 ; c.c:13:1 u
    4 report odd ; c.c:14:1 u
    5 end ; c.c:15:1 u
"""
"""No code reads the preemption count, but the choice of a task does."""

BOOT = """
program cpus 2
object 0x1000 4 own cpu 0
  init 01 00 00 00
object 0x1010 4 own cpu 1
context task t cpu 0 ; c.c:1:1
  registers %a:i32
    0 %a = load i32 [0x1000] ; c.c:2:1 t
    1 branch (%a == 1):i32, 2, 3 ; c.c:3:1 t
    2 report odd ; c.c:4:1 t
    3 store i32 [0x1000], 2 ; c.c:5:1 t
    4 halt ; c.c:6:1 t
context task u cpu 1 ; c.c:11:1
  registers %a:i32
    0 %a = load i32 [0x1010] ; c.c:12:1 u
    1 branch (%a == 1):i32, 2, 3 ; c.c:13:1 u
    2 report odd ; c.c:14:1 u
    3 store i32 [0x1010], 2 ; c.c:15:1 u
    4 halt ; c.c:16:1 u
"""
"""Two CPUs that are the same but for the beginning: what one finds the other does not."""

COMPUTED = """
program cpus 2
object 0x1000 8 x
context task t cpu 0 ; c.c:1:1
  registers %q:u64 %a:i32
    0 store i32 [0x1000], 1 ; c.c:2:1 t
    1 %q = 4096:u64 ; c.c:3:1 t
    2 %a = load i32 [%q:u64] ; c.c:4:1 t
    3 branch (%a == 0):i32, 4, 5 ; c.c:5:1 t
    4 report odd ; c.c:6:1 t
    5 halt ; c.c:7:1 t
context task u cpu 1 ; c.c:11:1
  registers %q:u64 %a:i32
    0 store i32 [0x1004], 1 ; c.c:12:1 u
    1 %q = 4096:u64 ; c.c:13:1 u
    2 %a = load i32 [%q:u64] ; c.c:14:1 u
    3 branch (%a == 0):i32, 4, 5 ; c.c:15:1 u
    4 report odd ; c.c:16:1 u
    5 halt ; c.c:17:1 u
"""
"""Each CPU writes a half of its own, but both read the first one, by a computed address."""

HELD = """
program cpus 3
option preempt
object 0x1000 4 own cpu 0
object 0x1010 4 own cpu 1
object 0x1020 4 __preempt_count cpu 0
  init 01 00 00 00
object 0x1030 4 __preempt_count cpu 1
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
context task v cpu 1 ; c.c:11:1
    0 store i32 [0x1010], 1 ; c.c:12:1 v
    1 store i32 [0x1010], 2 ; c.c:13:1 v
    2 end ; c.c:14:1 v
context task w cpu 1 ; c.c:15:1
  registers %a:i32
    0 %a = load i32 [0x1010] ; c.c:16:1 w
    1 branch (%a == 1):i32, 2, 3 ; c.c:17:1 w
    2 report odd ; c.c:18:1 w
    3 end ; c.c:19:1 w
context task x cpu 2 ; c.c:20:1
    0 store i32 [0x1020], 1 ; c.c:21:1 x
    1 halt ; c.c:22:1 x
"""
"""On one of two CPUs that are else the same no task can be preempted."""

WRAPS = """
program cpus 2
object 0x1000 4 own cpu 0
object 0x1010 4 own cpu 1
wrap 0x1000 i32 1
context task t cpu 0 ; c.c:1:1
  registers %a:i32
    0 store i32 [0x1000], 2 ; c.c:2:1 t
    1 %a = load i32 [0x1000] ; c.c:3:1 t
    2 branch (%a == 2):i32, 3, 4 ; c.c:4:1 t
    3 report odd ; c.c:5:1 t
    4 halt ; c.c:6:1 t
context task u cpu 1 ; c.c:11:1
  registers %a:i32
    0 store i32 [0x1010], 2 ; c.c:12:1 u
    1 %a = load i32 [0x1010] ; c.c:13:1 u
    2 branch (%a == 2):i32, 3, 4 ; c.c:14:1 u
    3 report odd ; c.c:15:1 u
    4 halt ; c.c:16:1 u
"""
"""A counter wraps on one CPU and not on the other."""

WATCHED = """
program cpus 2
object 0x1000 4 own cpu 0
object 0x1010 4 own cpu 1
context task t cpu 0 ; c.c:1:1
    0 store i32 [0x1000], 1 ; c.c:2:1 t
    1 store i32 [0x1000], 2 ; c.c:3:1 t
    2 halt ; c.c:4:1 t
context task u cpu 1 ; c.c:1:1
    0 store i32 [0x1010], 1 ; c.c:2:1 u
    1 store i32 [0x1010], 2 ; c.c:3:1 u
    2 halt ; c.c:4:1 u
property invariant first ; c.c:5:1
  registers %a:i32 %b:i32
    0 fused %a = load i32 [0x1000] ; c.c:6:1 first
    1 fused %b = load i32 [0x1010] ; c.c:6:1 first
    2 result ((%a - %b) != 1):i32 ; c.c:6:1 first
property invariant second ; c.c:7:1
  registers %a:i32 %b:i32
    0 fused %a = load i32 [0x1000] ; c.c:8:1 second
    1 fused %b = load i32 [0x1010] ; c.c:8:1 second
    2 result ((%b - %a) != 1):i32 ; c.c:8:1 second
"""
"""Invariants that tell two CPUs apart which nothing else does."""

LOOKED = """
program cpus 2
object 0x1000 4 x cpu 0
object 0x1010 4 y cpu 0
object 0x1020 4 x cpu 1
object 0x1030 4 y cpu 1
object 0x1040 4 lock
context task t cpu 0 ; c.c:1:1
  registers %a:i32
    0 %a = rmw xchg i32 [0x1040], 1 ; c.c:2:1 t
    1 branch %a:i32, 2, 3 ; c.c:2:1 t
    2 halt ; c.c:3:1 t
    3 store i32 [0x1000], 1 ; c.c:4:1 t
    4 store i32 [0x1010], 1 ; c.c:5:1 t
    5 store i32 [0x1000], 2 ; c.c:6:1 t
    6 halt ; c.c:7:1 t
context task u cpu 1 ; c.c:1:1
  registers %a:i32
    0 %a = rmw xchg i32 [0x1040], 1 ; c.c:2:1 u
    1 branch %a:i32, 2, 3 ; c.c:2:1 u
    2 halt ; c.c:3:1 u
    3 store i32 [0x1020], 1 ; c.c:4:1 u
    4 store i32 [0x1030], 1 ; c.c:5:1 u
    5 store i32 [0x1020], 2 ; c.c:6:1 u
    6 halt ; c.c:7:1 u
property invariant first ; c.c:8:1
  registers %a:i32 %b:i32
    0 fused %a = load i32 [0x1000] ; c.c:9:1 first
    1 fused %b = load i32 [0x1010] ; c.c:9:1 first
    2 result ((%a + %b) != 2):i32 ; c.c:9:1 first
"""
"""An invariant that looks at one of two CPUs that are else the same."""

UNLIKE = """
program cpus 2
object 0x1000 4 own cpu 0
object 0x1010 4 own cpu 1
context task t cpu 0 ; c.c:1:1
  registers %a:i32
    0 store i32 [0x1000], 1 ; c.c:2:1 t
    1 %a = load i32 [0x1000] ; c.c:3:1 t
    2 branch (%a == 1):i32, 3, 4 ; c.c:4:1 t
    3 report odd ; c.c:5:1 t
    4 halt ; c.c:6:1 t
context task u cpu 1 ; c.c:11:1
  registers %a:i32
    0 store i32 [0x1010], 2 ; c.c:12:1 u
    1 %a = load i32 [0x1010] ; c.c:13:1 u
    2 branch (%a == 1):i32, 3, 4 ; c.c:14:1 u
    3 report odd ; c.c:15:1 u
    4 halt ; c.c:16:1 u
"""
"""Two CPUs do the same with other values."""

BALANCED = """
program cpus 2
object 0x1000 4 own cpu 0
object 0x1010 4 own cpu 1
object 0x1020 4 x
context task t cpu 0 ; c.c:1:1
  registers %a:i32
    0 %a = load i32 [0x1000] ; c.c:2:1 t
    1 branch %a:i32, 2, 3 ; c.c:2:1 t
    2 report odd ; c.c:3:1 t
    3 halt ; c.c:4:1 t
context irq i cpu 0 ; c.c:5:1
    0 store i32 [0x1000], 1 ; c.c:6:1 i
    1 end ; c.c:7:1 i
context task u cpu 1 ; c.c:1:1
  registers %a:i32
    0 %a = load i32 [0x1010] ; c.c:2:1 u
    1 branch %a:i32, 2, 3 ; c.c:2:1 u
    2 report odd ; c.c:3:1 u
    3 halt ; c.c:4:1 u
context irq j cpu 1 ; c.c:5:1
    0 store i32 [0x1010], 1 ; c.c:6:1 j
    1 end ; c.c:7:1 j
property balanced kept cpu 0 ; c.c:8:1
  registers %v:i32
    0 fused %v = load i32 [0x1000] ; c.c:8:1 kept
    1 result %v:i32 ; c.c:8:1 kept
property balanced other cpu 1 ; c.c:9:1
  registers %v:i32
    0 fused %v = load i32 [0x1020] ; c.c:9:1 other
    1 result %v:i32 ; c.c:9:1 other
"""
"""Interrupts that are the same, of which one must leave something else as it found it."""

CASES = {
    "nested": NESTED,
    "below": BELOW,
    "arrival": ARRIVAL,
    "count": COUNT,
    "flag": FLAG,
    "carry": CARRY,
    "half": HALF,
    "kept": KEPT,
    "boot": BOOT,
    "computed": COMPUTED,
    "held": HELD,
    "wraps": WRAPS,
    "watched": WATCHED,
    "looked": LOOKED,
    "unlike": UNLIKE,
    "balanced": BALANCED,
}
ONE_EACH = Limits(arrivals={"irq": 1, "nmi": 1})


def case(name: str) -> Program:
    """One of CASES."""
    return parse_ir(CASES[name])
