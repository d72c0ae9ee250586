"""The readers: what gets the bytes, from which good inputs they are made, what may come of them."""

import gzip
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from prometheus_client.parser import text_string_to_metric_families

from klprove.api import check as check_api
from klprove.c import parse
from klprove.check import Question, load_claims, program
from klprove.cli.main import BAD_INPUT, INCOMPLETE, run
from klprove.corpus import find
from klprove.engine import Limits, explore
from klprove.evidence import resolve
from klprove.image import open_image
from klprove.image.dwarf import DebugSections, index_inlines, pack
from klprove.image.dwarf.typed import unit_types
from klprove.ir import Program, parse_ir, render
from klprove.ir.verify import verify
from klprove.kernels import HOME, Kernel, load
from klprove.lab import Run, Seen, compare_seen, merged, read_seen, seen_document
from klprove.lab.seen import parse as table_of_sites
from klprove.lift import KernelTree
from klprove.lint import Case, lint, read_livepatch
from klprove.lint import Kernel as Vmlinux
from klprove.lower import lower
from klprove.mail import complaints, take
from klprove.mutation import load_campaign
from klprove.replay import Words, read_case, schedule
from klprove.report import document, letter
from klprove.report.compared import Asked, compared
from klprove.report.lint import lint_text
from klprove.report.picture import page
from klprove.report.seen import observed, observed_document
from klprove.scan import Map, scan
from klprove.source import BadInput, plain_lines
from klprove.verdict.compared import read_answers
from tests.evidence.kernels import elf, labels
from tests.fuzz.mutation import HOSTILE, NUMBERS, mutated
from tests.image.dwarves import made
from tests.image.elves import TEXT, kernel
from tests.lift.trees import FILES, plant
from tests.lint.building import (
    build_driver,
    build_kernel,
    build_module,
    has_gcc,
    livepatch_of_driver,
)
from tests.litmus.reader import read as read_litmus
from tests.mail.letters import PROSE, mail
from tests.scan.toy import objcopied, toy
from tests.watch.copies import guest

ROOT = Path(__file__).parents[2]
_STATUSES = (0, 1, BAD_INPUT, INCOMPLETE)
_NO_SUPPORT = 4


class Wrong(Exception):
    """A reader did what it must not do."""


@dataclass(frozen=True, slots=True)
class Reader:
    """`make`: an input; `read`: what takes it, in a folder of its own. It returns, or raises
    BadInput; all else is a finding."""

    make: Callable[[Random], bytes]
    read: Callable[[bytes, Path], None]


@cache
def _models() -> Sequence[bytes]:
    found = [*(ROOT / "corpus").glob("*/buggy.c"), *(ROOT / "tests" / "lower").glob("*/*.c")]
    return [path.read_bytes() for path in sorted(found)]


@cache
def _trees() -> Sequence[bytes]:
    return [text.encode() for text in FILES.values()]


@cache
def _printed() -> Sequence[bytes]:
    paths = sorted((ROOT / "corpus").glob("*/buggy.c"))[:10]
    whole = [render(program(Question((str(path),)))).encode() for path in paths]
    return [*whole, *(path.read_bytes() for path in sorted((ROOT / "tests").glob("lower/*/*.ir")))]


@cache
def _claims() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "claims").glob("*/*.toml"))]


@cache
def _manifests() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted(HOME.glob("*/kernel.toml"))]


def _said(arguments: Sequence[str], statuses: Sequence[int] = _STATUSES) -> str:
    """What a command prints; its status is one of those that are promised, and what it prints is
    dead text."""
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = run(arguments)
    text = out.getvalue() + errors.getvalue()
    if status not in statuses:
        raise Wrong(f"exit status {status}\n{text}")
    _dead(text)
    return text


def _dead(text: str) -> None:
    alive = sorted({each for each in text if not (" " <= each <= "~" or each in "\n\t")})
    if alive:
        raise Wrong(f"prints {alive}\n{text}")


def _lowered(data: bytes, folder: Path) -> None:
    path = folder / "model.c"
    path.write_bytes(data)
    wrong = verify(lower(parse([], user=path)))
    if wrong:
        raise Wrong(f"the verifier: {wrong[0]}")


def _checked(data: bytes, folder: Path) -> None:
    path = folder / "model.c"
    path.write_bytes(data)
    # So few states that no limit is waited for.
    bounds = ["--time", "1s", "-j", "1", "--arrivals", "1", "--recursion", "2"]
    _said(["check", str(path), *bounds, "--engine", "reference"])
    _said(["export", "--promela", str(path)])
    _exported(path)


def _exported(path: Path) -> None:
    """A litmus test of `path`, where it fits, is one that herd's grammar has."""
    out = path.with_name("model.litmus")
    out.unlink(missing_ok=True)
    _said(["export", "--litmus", "--observe", str(path), "-o", str(out)])
    if out.exists():
        read_litmus(out.read_text(encoding="ascii"))


def _parsed(data: bytes, folder: Path) -> None:
    made = parse_ir(data.decode(errors="replace"), "printed.ir")
    if not verify(made) and parse_ir(render(made), "again.ir") != made:
        raise Wrong("printed and read again it is another program")


def _claimed(data: bytes, folder: Path) -> None:
    (folder / "01.toml").write_bytes(data)
    load_claims(folder)


@cache
def _heads() -> Sequence[bytes]:
    paths = sorted((ROOT / "corpus").glob("*/*.c"))
    heads = {path.read_bytes().partition(b"*/")[0] + b"*/\n" for path in paths}
    return [
        *sorted(heads),
        b"/* klprove: expect incomplete; nest irq=2; engine native; kernel v4.12 */",
    ]


def _expected(data: bytes, folder: Path) -> None:
    """A head, as `klprove corpus` finds it before it runs anything."""
    entry = folder / "entry"
    entry.mkdir(exist_ok=True)
    (entry / "buggy.c").write_bytes(data)
    find([str(folder)], folder)


_CATALOGUE = (
    b'[{"id": "entry", "year": 2017, "min_arrivals": 2, "buggy": "fails", "fixed": "holds"}]',
    b'[{"id": "entry", "buggy": "violated"}, {"id": "other", "buggy": null, "fixed": []}]',
    b'[{"id": "\\u202eentry", "year": {"a": [1e99]}, "min_arrivals": 200, "fixed": "holds"}]',
)


def _catalogued(data: bytes, folder: Path) -> None:
    """A catalogue, with what is said of its twins."""
    (folder / "catalogue.json").write_bytes(data)
    entry = folder / "entry"
    entry.mkdir(exist_ok=True)
    for name in ("buggy", "fixed"):
        (entry / f"{name}.c").write_text(_TINY)
    words = ["--engine", "reference", "--time", "1s", "-j", "1"]
    said = _said(["corpus", str(folder), "--json", "-", *words])
    if said.startswith("{"):
        _strings(json.loads(said))
    _said(["corpus", str(folder), "--as", "ktap", *words])


@cache
def _campaigns() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "campaigns").glob("*.toml"))]


def _campaigned(data: bytes, folder: Path) -> None:
    path = folder / "campaign.toml"
    path.write_bytes(data)
    load_campaign(path)


def _kernel(data: bytes, folder: Path) -> None:
    home = folder / "home" / "v4.12rc"
    home.mkdir(parents=True, exist_ok=True)
    (home / "kernel.toml").write_bytes(data)
    (home / "klprove.c").write_text("int x;\n")
    kernel = load("v4.12rc", folder / "home")
    outside = [path for path in kernel.files if path.parent.parent != folder / "home"]
    if outside:
        raise Wrong(f"reads {outside}")


@cache
def _letters() -> Sequence[bytes]:
    patches = [path.read_text() for path in sorted((ROOT / "tests" / "mail").glob("*.patch"))]
    kind = "Content-Type: {}".format
    heads: list[tuple[str, ...]] = [
        (),
        (kind("text/plain; format=flowed"),),
        (kind("multipart/mixed; boundary=B"),),
        (kind("text/plain; charset=utf-7"), "Content-Transfer-Encoding: quoted-printable"),
    ]
    bodies = [*patches, *(f"--B\n\n{each}--B--\n" for each in patches), "f();\n...\ng();\n"]
    made = [mail(body, *head) for body in bodies for head in heads]
    folder = b"From a Mon May  8 17:16:12 2017\n"
    return [PROSE.encode(), folder + PROSE.encode() + b"\n" + folder + made[0], *made]


@cache
def _evident() -> Sequence[bytes]:
    return [elf(labels(each)) for each in ("v4.12rc", "v6.18")]


def _seen(data: bytes, folder: Path) -> None:
    path = folder / "vmlinux"
    path.write_bytes(data)
    resolve(str(path))


@cache
def _livepatches() -> Sequence[bytes]:
    """A kernel and modules for it; a bare header where there is no gcc."""
    if not has_gcc():
        return [b"\x7fELF" + bytes(60)]
    with tempfile.TemporaryDirectory() as folder:
        names = ("h06_work_good", "h13_bad", "h04_new_bad")
        paths = [build_kernel(Path(folder)), *(build_module(each, Path(folder)) for each in names)]
        return [path.read_bytes() for path in paths]


def _linted(data: bytes, folder: Path) -> None:
    """The bytes as a module, and as the kernel that a good one is for."""
    given, good = folder / "given", folder / "good.ko"
    given.write_bytes(data)
    good.write_bytes(_livepatches()[-1])
    _said(["lint", str(given), "-v", "--after", str(given)])
    _said(["lint", str(given), "--list"])
    told = _said(["lint", str(given), "--json", "-"])
    if told.startswith("{"):
        _strings(json.loads(told))
    if has_gcc():
        _dead(lint_text(lint(Case(read_livepatch(str(good)), Vmlinux(str(given)))), verbose=True))


@cache
def _driver() -> Sequence[bytes]:
    """A module, and a livepatch of it; bare headers where there is no gcc."""
    if not has_gcc():
        return [b"\x7fELF" + bytes(60)] * 2
    with tempfile.TemporaryDirectory() as folder:
        functions = "NEW(driver_open, new), NEW(driver_wait, new), NEW(driver_main, new)"
        paths = [build_driver(Path(folder)), livepatch_of_driver(Path(folder), "all", functions)]
        return [path.read_bytes() for path in paths]


def _driven(data: bytes, folder: Path) -> None:
    """The bytes as a module that is patched, and as what a running system says about one."""
    given, good = folder / "driver.ko", folder / "good.ko"
    notes = folder / "module" / "driver" / "notes"
    notes.mkdir(parents=True, exist_ok=True)
    given.write_bytes(data)
    good.write_bytes(_driver()[1])
    (notes / ".note.gnu.build-id").write_bytes(data[:4096])
    _said(["lint", str(good), "-v", "--object", str(folder), "--running", str(folder)])


@cache
def _kernel_model() -> Kernel:
    return load("v4.12rc")


def _mailed(data: bytes, folder: Path) -> None:
    try:
        taken = take(data, "mail", _kernel_model(), where="klp_ftrace_handler:entry")
    except BadInput as refused:
        if "--place is" not in str(refused):
            raise
        taken = take(data, "mail", _kernel_model())
    path = folder / "mail.c"
    path.write_text(taken.placed.composed.text)
    try:
        parse(_kernel_model().files, defines={"NR_CPUS": "1"}, user=path)
    except BadInput as refused:
        raise complaints(refused, taken, str(path)) from None
    _dead(plain_lines(letter(taken, "")))


def _source(data: bytes, folder: Path) -> None:
    """A file of a kernel tree, every function and macro of it, and one of them put into a model."""
    names = {"rcu_nmi_enter", "rcu_nmi_exit", "nmi_enter", "still_to_come", "main"}
    plant(folder, {**FILES, "kernel/rcu/tree.c": ""})
    (folder / "kernel" / "rcu" / "tree.c").write_bytes(data)
    for name, places in KernelTree(str(folder), {"CONFIG_A": "1"}).find(names).items():
        for each in places:
            if not 0 <= each.definition.start < each.definition.end <= len(data) + 4096:
                raise Wrong(f"{name} is at {each.definition}")
    lift = ("--tree", str(folder), "--lift", "kernel/rcu/tree.c:rcu_nmi_enter")
    _said(["lower", str(ROOT / "handlers/2017/G.c"), "--kernel", "v4.12", *lift])


_TINY = "int x;\n__task(0) void t(void) { x = 1; }\n__irq(0) void i(void) { assert(!x); }\n"
_OPTIONS = (
    "--kernel", "--patch", "--cpus", "--recursion", "-D", "--inline", "--memory-model", "--nest",
    "--store-buffer", "--arrivals", "--engine", "--no-reduce", "--time", "--memory", "--werror",
    "-j", "--traces", "--json",
)  # fmt: skip
_VALUES = (
    b"v4.12rc", b"each", b"t", b"1", b"2", b"irq=1", b"irq=1,nmi=2", b"tso", b"reference", b"all",
    b"1s", b"64M", b"X=1", b"X", b"one", b"-", b"none",
)  # fmt: skip


def _options(random: Random) -> bytes:
    """Arguments, each ended by a NUL, as the kernel hands them to a process."""
    values = (*_VALUES, *HOSTILE, *NUMBERS)
    words = []
    for _ in range(random.randint(1, 3)):
        words += [random.choice(_OPTIONS).encode(), mutated(random, values)[:300]]
    return b"".join(word.replace(b"\0", b"") + b"\0" for word in words)


def _commanded(data: bytes, folder: Path) -> None:
    (folder / "model.c").write_text(_TINY)
    words = [os.fsdecode(word) for word in data.split(b"\0")[:-1]]
    if any(word.startswith("--j") for word in words):  # a path of its own choice is no finding
        words = [f"{folder}/out" if last.startswith("--j") else word
                 for last, word in zip(["", *words], words, strict=False)]  # fmt: skip
    _said(["check", str(folder / "model.c"), "--time", "1s", *words])


def _strings(content: object) -> None:
    """No string of a JSON document is alive once it is read."""
    if isinstance(content, str) and not (content.isascii() and content.isprintable()):
        raise Wrong(f"JSON holds {content!r}")
    if isinstance(content, dict):
        content = [*content, *content.values()]
    if isinstance(content, list):
        for each in content:
            _strings(each)


def _named(data: bytes, folder: Path) -> None:
    name = data.replace(b"\0", b"").replace(b"/", b"|")[:120] or b"x"
    if name in (b".", b".."):
        return  # folders: no file can be called so
    path = os.path.join(os.fsencode(folder), name)
    with open(path, "wb") as file:
        file.write(_TINY.encode() if data[:1] != b"!" else b"int x = ;\n")
    _said(["check", os.fsdecode(path), "--engine", "reference"])
    _said(["lower", os.fsdecode(path)])
    if data[:1] != b"!":
        _strings(json.loads(_said(["check", os.fsdecode(path), "--json", "-"])))
    os.unlink(path)


@cache
def _tiny() -> Program:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.c"
        path.write_text(_TINY)
        return program(Question((str(path),)))


@cache
def saved() -> Mapping[str, bytes]:
    """The files of a checkpoint of `resumed`, made once."""
    with tempfile.TemporaryDirectory() as folder:
        resumed(Path(folder), False)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def resumed(folder: Path, resume: bool) -> None:
    """Search a tiny model, whose answer is known, with a checkpoint in `folder`."""
    limits = Limits(
        engine="native",
        arrivals={"irq": 1},
        checkpoint=folder,
        checkpoint_seconds=0.0,
        resume=resume,
    )
    verdict = explore(_tiny(), limits)
    if verdict.word != "violated":
        raise Wrong(f"a checkpoint that is not ours made it {verdict.word}")


def _damage(random: Random) -> bytes:
    """The name of a file, and what is in its place."""
    name = random.choice([*saved(), "search.json"])
    content = mutated(random, list(saved().values()))
    if name == "search.json" and random.random() < 0.5:
        content = mutated(random, [saved()[name]])
    return name.encode() + b"\n" + content


def _restored(data: bytes, folder: Path) -> None:
    name, _, content = data.partition(b"\n")
    for each, good in saved().items():
        (folder / each).unlink(missing_ok=True)
        (folder / each).write_bytes(content if each.encode() == name else good)
    resumed(folder, True)


@cache
def _images() -> Sequence[bytes]:
    whole = toy().read_bytes()
    others = (toy("-DALTERNATIVES"), toy("-O2", source="pointers.c"))
    return [
        whole,
        *(each.read_bytes() for each in others),
        kernel("s390x", {"f": (TEXT, 16)}, [TEXT]),
        gzip.compress(whole),
    ]


def _scanned(data: bytes, folder: Path) -> None:
    path = folder / "vmlinux"
    path.write_bytes(data)
    _said(["scan", "--no-cache", str(path)])
    _said(["scan", "--no-cache", str(path), "--json", "-"])


@cache
def _debugged() -> Sequence[bytes]:
    versions = ("-gdwarf-5", "-gdwarf-4", "-gdwarf-2")
    return [made(each, linked=linked).read_bytes() for each in versions for linked in (True, False)]


def _debug(data: bytes, folder: Path) -> None:
    """Debug information: the machine code that reads it finds what the interpreter finds."""
    path = folder / "vmlinux"
    path.write_bytes(data)
    image = open_image(str(path))
    found = [index_inlines(DebugSections(image), compiled) for compiled in (True, False)]
    if pack(found[0]) != pack(found[1]):
        raise Wrong("compiled and interpreted differ")
    for text in found[0].texts:
        _dead(text)
    for unit in unit_types(DebugSections(image)):
        for word, name in unit.names():
            unit.layouts(word, name)
        for address in range(0, 256, 16):
            unit.prototype_at(address)
    _said(["scan", "--no-cache", str(path), "--why", "leaf"])


def _listed(data: bytes, folder: Path) -> None:
    names, image = folder / "System.map", folder / "vmlinux"
    names.write_bytes(data)
    image.write_bytes(_images()[0])
    _said(["scan", "--no-cache", str(image), "--traceable", str(names)])
    image.write_bytes(objcopied("--strip-all").read_bytes())
    _said(["scan", "--no-cache", str(image), "--names", str(names), "--rcu-off", "--all"])


_LISTS = (
    b"ffffffff81000000 T first\nffffffff81000040 t second\nffffffff81000080 D data\n",
    b"first\nsecond [module]\nffffffff81000000 third\n",
)


@cache
def _machines() -> Mapping[str, bytes]:
    """The files of a machine whose transition stalls."""
    files = guest("stalled").files
    return {name: (text or "").encode(errors="surrogateescape") for name, text in files.items()}


def _copied(random: Random) -> bytes:
    """The name of a file, and what is in its place; or an archive as a whole."""
    names = [each for each in _machines() if not each.endswith("patch_state")]
    if random.random() < 0.2:
        with tempfile.TemporaryDirectory() as folder:
            whole = guest("stalled").archive(Path(folder) / "copy.tar")
            return b"\n" + mutated(random, [Path(whole).read_bytes()])
    name = random.choice([*names, "/proc/38/task/38/patch_state"])
    return name.encode() + b"\n" + mutated(random, list(_machines().values()))


def _watched(data: bytes, folder: Path) -> None:
    name, _, content = data.partition(b"\n")
    path = folder / "copy.tar"
    if name:
        machine = guest("stalled")
        machine.files[name.decode(errors="replace")] = content.decode(errors="surrogateescape")
        machine.archive(path)
    else:
        path.write_bytes(content)
    words = ["watch", "--once", "--root", str(path)]
    _said(words, (*_STATUSES, _NO_SUPPORT))
    out = ["--json", "-", "--metrics", str(folder / "out.prom"), "--bundle", f"{folder}/out.tar"]
    told = _said([*words, *out], (*_STATUSES, _NO_SUPPORT))
    if told.startswith("{"):
        _strings(json.loads(told))
        list(text_string_to_metric_families((folder / "out.prom").read_text(encoding="ascii")))


@cache
def _toy_map() -> Map:
    return scan(str(toy()), cache=False)


@cache
def _observations() -> Sequence[bytes]:
    """What a run of the toy could have seen, as a file and as the module writes it."""
    found = _toy_map()
    pairs = zip(found.addresses, found.offsets, strict=True)
    sites = [at + offset for at, offset in pairs if offset >= 0]
    table = "".join(f"{site:x} {n % 32:x} {n + 1} {site:x}\n" for n, site in enumerate(sites))
    runs = [Run("max", ["idle=poll"], 1.5, 3, 0, 0)]
    names = frozenset(found.names)
    seen = Seen(found.release, found.build_id, runs, names, table_of_sites(table, "seen"))
    return [json.dumps(seen_document(seen)).encode(), table.encode()]


def _looked_on(data: bytes, folder: Path) -> None:
    path = folder / "seen.json"
    path.write_bytes(data)
    with suppress(BadInput):
        table_of_sites(data.decode(errors="replace"), "seen")
    found, seen = _toy_map(), merged([read_seen(str(path))])
    compared = compare_seen(found, seen)
    calls = ["unknown"] * len(compared.missing)
    plain_lines(observed(found, seen, compared, calls))
    json.dumps(observed_document(found, seen, compared, calls))


@cache
def _traces() -> Sequence[bytes]:
    """What a check of handler A writes."""
    answer = check_api(str(ROOT / "handlers/2017/A.c"), kernel="v6.0", patch="vfs_read", jobs=1)
    one = document(answer)
    rows = [
        Asked("A.c", "v6.0", one),
        Asked("A.c", "v6.3", one),
        Asked("B.c", "v6.0", None, ("f",)),
    ]
    return [json.dumps(each).encode() for each in (one, compared(rows))]


def _pictured(data: bytes, folder: Path) -> None:
    """A page, or a refusal; what acts in a terminal or writes backwards is in neither."""
    path = folder / "trace.json"
    path.write_bytes(data)
    _dead(page(read_answers([str(path)])).decode("ascii"))


def _replayed(data: bytes, folder: Path) -> None:
    path = folder / "trace.json"
    path.write_bytes(data)
    case = read_case(str(path))
    schedule(case.trace, case.resting, Words({}, {}), {})


READERS: Mapping[str, Reader] = {
    "image": Reader(lambda random: mutated(random, _images()), _scanned),
    "debug": Reader(lambda random: mutated(random, _debugged()), _debug),
    "list": Reader(lambda random: mutated(random, _LISTS), _listed),
    "model": Reader(lambda random: mutated(random, _models()), _lowered),
    "kernel source": Reader(lambda random: mutated(random, _trees()), _source),
    "check": Reader(lambda random: mutated(random, _models()), _checked),
    "ir": Reader(lambda random: mutated(random, _printed()), _parsed),
    "mail": Reader(lambda random: mutated(random, _letters()), _mailed),
    "evidence": Reader(lambda random: mutated(random, _evident()), _seen),
    "patched-module": Reader(lambda random: mutated(random, _driver()[:1]), _driven),
    "livepatch": Reader(lambda random: mutated(random, _livepatches()), _linted),
    "claim": Reader(lambda random: mutated(random, _claims()), _claimed),
    "head": Reader(lambda random: mutated(random, _heads()), _expected),
    "catalogue": Reader(lambda random: mutated(random, _CATALOGUE), _catalogued),
    "campaign": Reader(lambda random: mutated(random, _campaigns()), _campaigned),
    "kernel": Reader(lambda random: mutated(random, _manifests()), _kernel),
    "options": Reader(_options, _commanded),
    "names": Reader(lambda random: mutated(random, HOSTILE), _named),
    "checkpoint": Reader(_damage, _restored),
    "machine": Reader(_copied, _watched),
    "picture": Reader(lambda random: mutated(random, _traces()), _pictured),
    "trace": Reader(lambda random: mutated(random, _traces()), _replayed),
    "seen": Reader(lambda random: mutated(random, _observations()), _looked_on),
}


def read(name: str, data: bytes, folder: Path) -> None:
    """Give `data` to a reader; raises what must not happen."""
    try:
        READERS[name].read(data, folder)
    except BadInput as refused:
        alive = [each for each in str(refused) if not (" " <= each <= "~" or each == "\n")]
        if alive or not refused.diagnostics:
            raise Wrong(f"complains with {alive}") from None
