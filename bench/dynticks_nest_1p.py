#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints the dynticks_nest benchmark (KLP=0, BUG=0) in a second Promela form.

    python3 dynticks_nest_1p.py NCPU NIRQ NIST NNMI [NFULL] > m.pml

Same steps and same arrivals as dynticks_nest.pml, but ONE process per CPU:
every step of every context is a label of that process, an arrival is a goto
that saves the number of the interrupted label, a return dispatches on it.
Only what the updater shares (dynticks, qs, gp_seq, gptr, freed) is global; the
rest is local to the process.  This is the form that SPIN's partial-order
reduction can work on: in dynticks_nest.pml each guard reads the global ctx[],
so that no step counts as local and the reduction saves nothing.

With -DNOREDUCE both forms have the same number of states, which checks each
against the other.
"""

import sys


def main():
    ncpu, nirq, nist, nnmi = map(int, sys.argv[1:5])
    nfull = int(sys.argv[5]) if len(sys.argv) > 5 else ncpu
    dyn = "dynticks[cpu]"

    def flip(odd):
        return f"{dyn}++; assert(({dyn} & 1) == {odd})"

    # A step is a list of (guard, body, where to): "+n" steps on, "ret", a label.
    def step(body):
        return [("", body, "+1")]

    ret = "ret"
    task = [
        [("i < 1", "irqoff = 1; i++", "+1")],  # rcu_idle_exit()
        step("assert(nest == 0)"),
        step("nest = 8"),
        step(flip(1)),
        step("irqoff = 0"),
        step("qs[cpu] = gp_seq"),  # a context switch
        step("rT = gptr"),  # the reader
        step("assert(!freed[rT]); rT = 255"),
        step("irqoff = 1"),  # rcu_idle_enter()
        step("assert(nest == 8)"),
        step("noi++"),
        step("nest = 0"),
        step(flip(0)),
        step("noi--"),
        [("", "irqoff = 0", "T0")],
    ]
    irq = [
        step("tI = nest"),  # rcu_irq_enter()
        step("nest = tI + 1"),
        [("tI != 0", "tI = 0", "+1"), ("tI == 0", flip(1), "+1")],
        step("rI = gptr"),
        step("assert(!freed[rI]); rI = 255"),
        step("assert(nest >= 1); tI = nest"),  # rcu_irq_exit()
        [("tI > 1", "nest = tI - 1; tI = 0", "ret"), ("tI <= 1", "tI = 0; noi++", "+1")],
        step("nest = 0"),
        step(flip(0)),
        [("", "noi--", "ret")],
        ret,
    ]

    def nmi_like(x):
        body = [
            step(f"inc{x} = ({dyn} & 1 -> 2 : 0)"),  # rcu_nmi_enter()
            [
                (f"inc{x} != 0", f"t{x} = nn", "+2"),
                (f"inc{x} == 0", f"inc{x} = 1; {flip(1)}", "+1"),
            ],
            step(f"t{x} = nn"),
            step(f"nn = t{x} + inc{x}; t{x} = 0; inc{x} = 0"),
            step(f"r{x} = gptr"),
            step(f"assert(!freed[r{x}]); r{x} = 255"),
            step(f"t{x} = nn; assert(t{x} != 0 && ({dyn} & 1))"),  # rcu_nmi_exit()
            [
                (f"t{x} != 1", f"nn = t{x} - 2; t{x} = 0", "+2"),
                (f"t{x} == 1", f"nn = 0; t{x} = 0", "+1"),
            ],
            step(flip(0)),
        ]
        if x == "N":
            body = [step("innmi = 1"), *body, step("innmi = 0")]
        return [*body, ret]

    ctx = {"T": task}
    count = {}
    for name, n, body in (("I", nirq, irq), ("X", nist, nmi_like("X")), ("N", nnmi, nmi_like("N"))):
        if n:
            ctx[name] = body
            count[name] = n
    label = {}
    for c, steps in ctx.items():
        for k in range(len(steps)):
            label[c, k] = len(label) + 1

    out = []
    for c, steps in ctx.items():
        for k, s in enumerate(steps):
            out.append(f"{c}{k}:" + (" end_T0:" if c + str(k) == "T0" else "") + " if")
            if s == ret:
                done = "irqoff = 0; " if c == "I" else ""
                for (cc, kk), v in label.items():
                    if cc == c or (c == "I" and cc != "T"):
                        continue
                    out.append(
                        f"\t:: atomic {{ ret{c} == {v} -> ret{c} = 0; {done}goto {cc}{kk} }}"
                    )
            else:
                for guard, body, to in s:
                    if to == "ret":
                        to = f"{c}{len(steps) - 1}"
                    elif to[0] == "+":
                        to = f"{c}{k + int(to[1:])}"
                    guard = guard + " -> " if guard else ""
                    out.append(f"\t:: atomic {{ {guard}{body}; goto {to} }}")
            for h, n in count.items():  # arrivals
                if h == c or (h == "I" and c != "T"):
                    continue
                also = " && !irqoff" if h == "I" else ""
                off = "; irqoff = 1" if h == "I" else ""
                out.append(
                    f"\t:: atomic {{ fl && n{h} < {n} && ret{h} == 0{also} -> "
                    f"n{h}++; ret{h} = {label[c, k]}{off}; goto {h}0 }}"
                )
            out.append("\tfi;")

    local = [
        "byte i = 0",
        "bit irqoff = 0",
        "bit innmi = 0",
        "byte nest = 0",
        "byte nn = 0",
        "byte noi = 0",
        "byte rT = 255",
    ]
    for h in count:
        local += [f"byte n{h} = 0", f"byte ret{h} = 0", f"byte r{h} = 255", f"byte t{h} = 0"]
        if h != "I":
            local.append(f"byte inc{h} = 0")
    runs = " ".join(f"run cpup({c}, {int(c < nfull)});" for c in range(ncpu))
    code = "\n".join(out)
    print(f"""byte dynticks[{ncpu}]; byte qs[{ncpu}]; byte gp_seq; byte gptr; bit freed[2];

proctype cpup(byte cpu; bit fl)
{{
	{"; ".join(local)};

{code}
}}

proctype updater()
{{
	byte c = 0; byte g = 0; byte snap[{ncpu}];

end:	do
	:: atomic {{ g < 1 -> gptr = 1 }};
		gp_seq = 1;
		do
		:: atomic {{ c < {ncpu} -> snap[c] = dynticks[c]; c++ }}
		:: atomic {{ c == {ncpu} -> c = 0; break }}
		od;
		do
		:: atomic {{ c < {ncpu} && (!(snap[c] & 1) || dynticks[c] != snap[c] ||
			qs[c] == gp_seq) -> snap[c] = 0; c++ }}
		:: atomic {{ c == {ncpu} -> c = 0; break }}
		od;
		atomic {{ freed[0] = 1; g++ }}
	od
}}

init {{ atomic {{ {runs} run updater() }} }}""")


if __name__ == "__main__":
    main()
