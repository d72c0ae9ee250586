"""What each generation after v4.16 changed is seen: pinned findings, and mutants of each change."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from klprove.check import EACH, Question, check

ROOT = Path(__file__).parents[2]
OWN = ROOT / "handlers" / "own.c"
PINS = tomllib.loads((Path(__file__).parent / "pins.toml").read_text())
RCU = {"KLP_WAIT_RCU": "1"}
"""The updater waits by synchronize_rcu()."""
DRIVER = {"CPUIDLE_TRACEABLE": "1"}
"""A cpuidle driver that can be patched, from v6.3 on."""
ONCE = {"irq": 1, "nmi": 1, "exception": 1}
TWO_CPUS = {"irq": 0, "nmi": 0, "exception": 0}


def found(
    kernel: str,
    site: str = "",
    user: Path = OWN,
    defines: Mapping[str, str] | None = None,
    arrivals: Mapping[str, int] | None = None,
    cpus: int | None = None,
) -> set[str]:
    """What a complete search finds where `site` is patched: codes, and `no W` for each witness that
    no state reaches."""
    question = Question(
        files=(str(user),),
        kernel=kernel,
        patch=(site,) if site else (),
        arrivals=ONCE if arrivals is None else arrivals,
        defines=dict(defines or {}),
        cpus=cpus,
    )
    (verdict,) = check(question, jobs=1).sites.values()
    assert verdict.complete, verdict.reasons
    return {each.code for each in verdict.findings} | {f"no {each}" for each in verdict.unreached}


@pytest.fixture
def mutant(tmp_path: Path) -> Path:
    """The file that a test writes its mutant to."""
    return tmp_path / "mutant.c"


@pytest.mark.parametrize("kernel", PINS["own"])
def test_the_generations_own_handler_at_every_site(kernel: str) -> None:
    question = Question(
        files=(str(OWN),), kernel=kernel, patch=(EACH,), arrivals=PINS["arrivals"], defines=DRIVER
    )
    answer = check(question, jobs=1)
    assert answer.complete
    codes = {
        site: " ".join(sorted({each.code for each in verdict.findings}))
        for site, verdict in answer.sites.items()
    }
    assert codes == PINS["own"][kernel]


# --- whom the updater's wait waits for


@pytest.mark.parametrize(
    ("kernel", "preempt", "codes"),
    [
        ("v4.16", "1", {"unwatched-silent"}),
        ("v4.16", "0", set()),
        ("v4.20", "1", set()),
        ("v4.20", "0", set()),
    ],
)
def test_preemption_off_is_a_reader_since_v4_20(kernel: str, preempt: str, codes: set[str]) -> None:
    """The handler of v4.12 and the wait of the release candidates, in ordinary code."""
    assert found(kernel, "vfs_read", defines={**RCU, "CONFIG_PREEMPT": preempt}) == codes


@pytest.mark.parametrize("kernel", ["v4.12rc", "v4.20", "v6.0"])
def test_without_preemption_rcu_waits_for_a_handler_but_not_in_idle(kernel: str) -> None:
    user = ROOT / "handlers" / "2017" / "A.c"
    defines = {**RCU, "CONFIG_PREEMPT": "0"}
    idle = "intel_idle" if kernel == "v6.0" else "cpuidle_reflect"
    assert not found(kernel, "vfs_read", user, defines, TWO_CPUS, 2)
    assert "use-after-free" in found(kernel, idle, user, defines, TWO_CPUS, 2)


@pytest.mark.parametrize("kernel", ["v5.11", "v6.18"])
def test_the_real_wait_waits_in_idle_too(kernel: str) -> None:
    assert not found(kernel, "intel_idle", OWN, DRIVER, TWO_CPUS, 2)
    assert "use-after-free" in found(kernel, "intel_idle", OWN, {**RCU, **DRIVER}, TWO_CPUS, 2)


# --- v5.8: entry code

TURNED_ROUND = """
static __always_inline noinstr void nmi_enter(void)
{
	BUG_ON(in_nmi() == NMI_MASK);
	rcu_nmi_enter();
	__preempt_count_add(NMI_OFFSET + HARDIRQ_OFFSET);
}

static __always_inline noinstr void nmi_exit(void)
{
	BUG_ON(!in_nmi());
	__preempt_count_sub(NMI_OFFSET + HARDIRQ_OFFSET);
	rcu_nmi_exit();
}
"""


def test_an_nmi_counts_itself_before_it_tells_rcu(mutant: Path) -> None:
    mutant.write_text(TURNED_ROUND)
    assert found("v5.8", user=mutant) == {"state-corrupted"}
    assert found("v5.8") == set()


IN_NMI = """
static int hw_breakpoint_exceptions_notify(struct pt_regs *regs)
{
	assert(in_nmi());
	return 0;
}

static void mce_log(void)
{
	assert(in_nmi());
}
"""
WAS_NOT = """
static int hw_breakpoint_exceptions_notify(struct pt_regs *regs)
{
	assert(in_nmi());
	return 0;
}
"""


@pytest.mark.parametrize(
    ("kernel", "text", "codes"),
    [("v4.20", WAS_NOT, {"assert"}), *((k, IN_NMI, set()) for k in ("v5.8", "v5.11", "v6.0"))],
    ids=["v4.20", "v5.8", "v5.11", "v6.0"],
)
def test_exceptions_are_nmis_since_v5_8(
    kernel: str, text: str, codes: set[str], mutant: Path
) -> None:
    mutant.write_text(text)
    assert found(kernel, user=mutant) == codes


UNTOLD_V5_8 = """
static noinstr bool idtentry_enter_cond_rcu(struct pt_regs *regs)
{
	return false;
}
"""
UNTOLD = """
static noinstr irqentry_state_t irqentry_enter(struct pt_regs *regs)
{
	irqentry_state_t ret = { 0 };

	return ret;
}
"""


@pytest.mark.parametrize(
    ("kernel", "text"),
    [("v5.8", UNTOLD_V5_8), ("v5.11", UNTOLD), ("v6.0", UNTOLD)],
    ids=["v5.8", "v5.11", "v6.0"],
)
def test_an_interrupt_of_the_idle_task_has_to_tell_rcu(
    kernel: str, text: str, mutant: Path
) -> None:
    mutant.write_text(text)
    assert "nested-unwatched" in found(kernel, user=mutant)


def test_only_in_v5_8_a_handler_that_asks_rcu_enters_itself() -> None:
    """rcu_is_watching() is not notrace there, and handler F calls it."""
    user = ROOT / "handlers" / "2017" / "F.c"
    assert "redirect-lost" in found("v5.8", "vfs_read+rcu_is_watching", user, arrivals=TWO_CPUS)


# --- read-side sections of the kernel's own

NOTIFIED_IN_A_READER = """
static int hw_breakpoint_exceptions_notify(struct pt_regs *regs)
{
	assert(current->rcu_read_lock_nesting != 0);
	return 0;
}
"""
HANDLED_IN_A_READER = """
__ghost static void body_needs_rcu(void)
{
	assert(current->rcu_read_lock_nesting != 0);
}
"""
NO_SECTION_V4_12 = """
static void do_debug(struct pt_regs *regs, long error_code)
{
	ist_enter(regs);
	hw_breakpoint_exceptions_notify(regs);
	ist_exit(regs);
}

static void default_do_nmi(struct pt_regs *regs)
{
	body_needs_rcu();
}
"""
NO_SECTION = """
static __always_inline noinstr void exc_debug_kernel(struct pt_regs *regs)
{
	unsigned long dr7 = local_db_save();
	irqentry_state_t irq_state = irqentry_nmi_enter(regs);

	hw_breakpoint_exceptions_notify(regs);
	irqentry_nmi_exit(regs, irq_state);
	local_db_restore(dr7);
}

static int nmi_handle(unsigned int type, struct pt_regs *regs)
{
	body_needs_rcu();
	return 1;
}
"""
SECTIONS = [(NOTIFIED_IN_A_READER, "exception"), (HANDLED_IN_A_READER, "nmi")]


@pytest.mark.parametrize("kernel", ["v4.12rc", "v4.20", "v5.8", "v5.11", "v6.18"])
@pytest.mark.parametrize(("text", "kind"), SECTIONS, ids=["debug", "nmi"])
def test_what_notifiers_and_nmis_call_runs_in_a_read_side_section(
    text: str, kind: str, kernel: str, mutant: Path
) -> None:
    mutant.write_text(text)
    assert found(kernel, user=mutant, arrivals={**TWO_CPUS, kind: 1}) == set()


@pytest.mark.parametrize(
    ("kernel", "without"), [("v4.12rc", NO_SECTION_V4_12), ("v5.11", NO_SECTION)]
)
@pytest.mark.parametrize(("text", "kind"), SECTIONS, ids=["debug", "nmi"])
def test_a_section_that_is_left_out_is_seen(
    text: str, kind: str, kernel: str, without: str, mutant: Path
) -> None:
    mutant.write_text(text + without)
    assert found(kernel, user=mutant, arrivals={**TWO_CPUS, kind: 1}) == {"assert"}


# --- the guard

NO_TRANSITION = """
static __always_inline notrace int trace_test_and_set_recursion(unsigned long ip, unsigned long pip,
								int start)
{
	unsigned int val = READ_ONCE(current->trace_recursion);
	int bit = trace_get_context_bit() + start;

	if (val & (1u << bit))
		return -1;
	current->trace_recursion = val | 1u << bit;
	preempt_disable_notrace();
	return bit;
}
"""
PAIR = "vfs_read+irq_enter_rcu"
"""The handler of the one is interrupted by the other, which is not yet counted as an interrupt."""


@pytest.mark.parametrize(
    ("kernel", "codes"),
    [("v5.8", {"redirect-lost"}), ("v5.11", set()), ("v6.0", set()), ("v6.18", set())],
)
def test_the_guard_lets_an_interrupts_first_function_through(kernel: str, codes: set[str]) -> None:
    assert found(kernel, PAIR) == codes


def test_without_that_the_handler_is_lost_and_says_so(mutant: Path) -> None:
    mutant.write_text(NO_TRANSITION)
    assert {"redirect-lost", "warned"} <= found("v6.0", PAIR, mutant)


WITHOUT_CHECK = """
static __always_inline notrace bool trace_warn_on_no_rcu(unsigned long ip)
{
	return false;
}
"""
VALIDATED = {"CONFIG_FTRACE_VALIDATE_RCU_IS_WATCHING": "1"}


def test_where_rcu_is_off_the_guard_refuses_since_v6_3(mutant: Path) -> None:
    mutant.write_text(WITHOUT_CHECK)
    defines = {**RCU, **DRIVER}
    refused = {"redirect-lost", "warned", "no redirected"}
    assert found("v6.0", "intel_idle", defines=defines) == {"unwatched-silent"}
    assert found("v6.3", "intel_idle", defines=defines) == refused
    assert found("v6.3", "intel_idle", mutant, defines) == {"unwatched-silent"}
    assert found("v6.12", "intel_idle", defines=defines) == {"unwatched-silent"}
    assert found("v6.12", "intel_idle", defines={**defines, **VALIDATED}) == refused


def test_a_refused_handler_reads_nothing_that_is_freed() -> None:
    codes = found("v6.3", "intel_idle", OWN, {**RCU, **DRIVER}, TWO_CPUS, 2)
    assert "use-after-free" not in codes and "redirect-lost" in codes


# --- context tracking, and the switch of a patch state

FORGETS_THE_CONTEXT = """
static noinstr void ct_idle_exit(void)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	ct_kernel_enter(false, RCU_DYNTICKS_IDX);
	raw_local_irq_restore(flags);
}
"""


def test_the_context_is_part_of_the_word(mutant: Path) -> None:
    mutant.write_text(FORGETS_THE_CONTEXT)
    assert "state-corrupted" in found("v6.0", user=mutant, arrivals=TWO_CPUS)


NO_SWITCH_IN_IDLE = """
static void klp_update_patch_state(struct task_struct *task)
{
}
"""


@pytest.mark.parametrize("kernel", ["v6.4", "v6.18"])
def test_a_task_switches_elsewhere_than_in_idle_since_v6_4(kernel: str, mutant: Path) -> None:
    mutant.write_text(NO_SWITCH_IN_IDLE)
    assert not found(kernel, "vfs_read", mutant, {}, TWO_CPUS, 2)


def test_in_v6_3_it_switches_there_only(mutant: Path) -> None:
    mutant.write_text(NO_SWITCH_IN_IDLE)
    assert "no patch_unloaded" in found("v6.3", "vfs_read", mutant, {}, TWO_CPUS, 2)
