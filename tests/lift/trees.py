"""Small trees in our own words: a model's files as a kernel would lay them out."""

from collections.abc import Mapping
from pathlib import Path

from klprove.kernels import load

MAKEFILE = "VERSION = 4\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n"

NMI = """\
/* What an NMI does first and last. */
#ifndef NMI_H
#define NMI_H

#define nmi_enter()						\\
	do {							\\
		lockdep_off();					\\
		printk_nmi_enter();				\\
		BUG_ON(in_nmi());				\\
		preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);	\\
		rcu_nmi_enter();				\\
	} while (0)

#endif
"""

RCU = """\
/* A comment of its own; with "quotes" and { a brace. */
#include <linux/rcu.h>

static int counted;

#ifdef CONFIG_TINY_RCU
void rcu_nmi_enter(void)
{
}
#else
/* NMIs nest: the one that found RCU off counts 1. */
void rcu_nmi_enter(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);
	int incby = 2;

	WARN_ON_ONCE(rdtp->dynticks_nmi_nesting < 0);
	if (rcu_dynticks_curr_cpu_in_eqs()) {
		rcu_dynticks_eqs_exit();
		incby = 1;
	}
	trace_rcu_dyntick("++=", incby);
	rdtp->dynticks_nmi_nesting += incby;
	barrier();
}
EXPORT_SYMBOL_GPL(rcu_nmi_enter);
#endif

/* And back. */
void rcu_nmi_exit(void)
{
	struct rcu_dynticks *rdtp = this_cpu_ptr(&rcu_dynticks);

	instrumentation_begin();
	WARN_ON_ONCE(rdtp->dynticks_nmi_nesting <= 0);
	WARN_ON_ONCE(rcu_dynticks_curr_cpu_in_eqs());
	if (rdtp->dynticks_nmi_nesting != 1) {
		rdtp->dynticks_nmi_nesting -= 2;
#ifdef CONFIG_STRANGE
		no_such_word();
#endif
		return;
	}
	rdtp->dynticks_nmi_nesting = still_to_come();
	rcu_dynticks_eqs_enter();
	instrumentation_end();
}

static __always_inline void rcu_dynticks_task_enter(void)
{
	asm volatile("nop");
	current->rcu_tasks_idle_cpu = smp_processor_id();
}

void rcu_irq_exit_irqson(void)
{
	unheard_of();
}
"""

NESTING = """\
/* What is left when the last NMI goes. */
static inline int still_to_come(void)
{
	return NOTHING_LEFT;
}
#define NOTHING_LEFT 0
"""

FILES: Mapping[str, str] = {
    "Makefile": MAKEFILE,
    "include/linux/hardirq.h": NMI,
    "include/linux/nesting.h": NESTING,
    "kernel/rcu/tree.c": RCU,
    "kernel/rcu/Makefile": "obj-$(CONFIG_TREE_RCU) += tree.o\nobj-$(CONFIG_TINY_RCU) += tiny.o\n",
    "kernel/rcu/tiny.c": "void rcu_nmi_exit(void)\n{\n}\n",
}


def plant(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """Write `files` under `folder`, which is then a tree."""
    for name in ("kernel", "include/linux", "arch/x86"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def changed(name: str, old: str, new: str) -> dict[str, str]:
    """FILES with one change in the file `name`."""
    assert FILES[name].count(old) == 1
    return {**FILES, name: FILES[name].replace(old, new)}


def of_model(kernel: str) -> dict[str, str]:
    """A tree whose every function is the model's own text."""
    files = {f"kernel/{path.name}": path.read_text() for path in load(kernel).files}
    return {"Makefile": MAKEFILE, **files}
