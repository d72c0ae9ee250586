"""Programs made of what others of the same unit have left: the same, and less work."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from klprove.c import Unit, parse
from klprove.ir.printer import render
from klprove.kernels import load
from klprove.lower import Options, OutOfTime, lower, program, share
from klprove.lower.shared import Shared
from klprove.source import BadInput

ROOT = Path(__file__).parents[2]
OPTIONS = Options(cpus=2)
STRINGS = """\
const char *said;
const char *const names[] = { "one", "two" };
int x;
void notrace __fentry__(unsigned long ip) { said = "from the handler"; x = said == names[1]; }
static void f(void) { x++; }
static void g(void) { x--; }
static void h(void) { said = "from h"; }
void (*hook)(void) = h;
__task(0) void t(void) { f(); said = "from t"; }
__irq(0) void i(void) { g(); said = names[0]; hook(); }
__nmi(ALL) void n(void) { said = "from n"; if (said == names[1]) g(); }
__exception(0) void e(void) { said = names[1]; }
invariant(fine, said != names[1]);
"""
"""Strings lie in the order in which they are met: patching f() moves those of i() and n()."""

PLAIN = """\
int x;
void notrace __fentry__(unsigned long ip) { x += 2; }
static void f(void) { x++; }
static void g(void) { x--; }
static void h(void) { x = 0; }
void (*hook)(void) = h;
__task(0) void t(void) { f(); }
__irq(0) void i(void) { g(); hook(); }
__nmi(ALL) void n(void) { g(); }
"""


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    """`STRINGS`, parsed."""
    (tmp_path / "text.c").write_text(STRINGS)
    return parse([], user=tmp_path / "text.c")


def patching(options: Options, *names: str) -> Options:
    """`options`, with `names` patched."""
    return replace(options, patched=frozenset(names))


def kernel(handler: str, name: str) -> tuple[Unit, Options, tuple[str, ...]]:
    """A handler on a kernel model, and its sites."""
    model = load(name)
    files: list[Path | str] = list(model.files)
    unit = parse(files, defines={"NR_CPUS": "1"}, user=ROOT / "handlers" / handler)
    sites = [each for each in model.sites if each in unit.traceable()]
    return unit, Options(recursion=model.recursion or 4), tuple(sites)


def test_a_program_is_the_same_as_if_it_were_made_alone(unit: Unit) -> None:
    shared = share(unit, OPTIONS)
    for names in ((), ("f",), ("g",), ("h",), ("t",), ("f", "h"), ("t", "i", "n")):
        options = patching(OPTIONS, *names)
        assert render(lower(unit, options, shared)) == render(lower(unit, options)), names


@pytest.mark.parametrize(("handler", "name"), [("2017/A.c", "v4.12rc"), ("own.c", "v6.12")])
def test_so_it_is_on_a_kernel(handler: str, name: str) -> None:
    unit, options, sites = kernel(handler, name)
    shared = share(unit, options)
    assert len(sites) > 9 and shared.contexts
    for site in sites:
        wanted = patching(options, site)
        assert render(lower(unit, wanted, shared)) == render(lower(unit, wanted)), site


def test_only_contexts_that_the_patch_is_in_are_lowered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain.c").write_text(PLAIN)
    unit = parse([], user=tmp_path / "plain.c")
    lowered: list[str] = []
    original = program._context

    def noted(run: Any, role: program.Role, cpu: int) -> program.Context:
        lowered.append(f"{role.function.name}{cpu}")
        return original(run, role, cpu)

    monkeypatch.setattr(program, "_context", noted)
    shared = share(unit, OPTIONS)
    assert lowered == ["t0", "i0", "n0", "n1"]
    for site, again in (("f", ["t0"]), ("g", ["i0", "n0", "n1"]), ("h", ["i0"]), ("t", ["t0"])):
        lowered.clear()
        lower(unit, patching(OPTIONS, site), shared)
        assert lowered == again, site


def test_what_does_not_fit_is_not_taken(unit: Unit) -> None:
    shared = share(unit, OPTIONS)
    assert shared.fits(unit, patching(replace(OPTIONS, until=1.0), "f"))
    for other in (replace(OPTIONS, cpus=1), replace(OPTIONS, inlined=frozenset("g"))):
        assert not shared.fits(unit, other)
        wanted = patching(other, "f")
        assert render(lower(unit, wanted, shared)) == render(lower(unit, wanted))
    assert not shared.fits(unit.edited(()), OPTIONS)


def test_of_a_text_that_is_refused_nothing_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "bad.c"
    path.write_text(STRINGS.replace("x--;", 'asm("nop");'))
    shared = share(parse([], user=path), OPTIONS)
    assert not shared.contexts
    with pytest.raises(BadInput):
        lower(shared.unit, patching(OPTIONS, "f"), shared)


def test_lowering_ends_with_its_time(unit: Unit) -> None:
    late = replace(OPTIONS, until=0.0)
    with pytest.raises(OutOfTime):
        lower(unit, late)
    with pytest.raises(OutOfTime):
        lower(unit, patching(late, "f"), Shared(unit, OPTIONS))
    assert not share(unit, late).contexts
