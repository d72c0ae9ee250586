"""The symbol table as columns, and its search by name."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from klprove.image import open_image, symbols
from klprove.image.symtab import ABSOLUTE, SymbolTable, symbol_table

TEXT = """
int type_show(void) { return 1; }
int show(void) { return type_show(); }
__attribute__((weak)) int how(void) { return 2; }
extern int elsewhere(void);
int w(void) { return elsewhere(); }
__asm__(".globl fixed; fixed = 0x1234; .globl type.show.1; type.show.1 = 1");
"""
NAMES = ["type_show", "show", "how", "w", "fixed", "elsewhere", "a.c", "sho", "_show", "", "é"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An object whose linker lets names end in longer ones."""
    if shutil.which("gcc") is None or shutil.which("ld") is None:
        pytest.skip("needs gcc and ld")
    folder = tmp_path_factory.mktemp("symtab")
    (folder / "a.c").write_text(TEXT)
    subprocess.run(["gcc", "-c", "a.c", "-o", "a.o"], cwd=folder, check=True)
    subprocess.run(["ld", "-r", "a.o", "-o", "linked.o"], cwd=folder, check=True)
    return folder / "linked.o"


def table_of(path: Path) -> SymbolTable:
    table = symbol_table(open_image(str(path)))
    assert table is not None
    return table


def test_names_inside_names(path: Path) -> None:
    table = table_of(path)
    assert table.strings.count(b"show\0") == 1
    for name in ("type_show", "show", "how", "w"):
        [index] = table.find(name).tolist()
        assert table.name(index) == name


def test_the_index_agrees_with_the_search(path: Path) -> None:
    table = table_of(path)
    for name in NAMES:
        assert table.find(name).tolist() == table.by_name.get(name, np.empty(0)).tolist(), name


def test_many_searches_answer_as_the_first(path: Path) -> None:
    table = table_of(path)
    first = [table.find(name).tolist() for name in NAMES]
    for _ in range(100):
        assert [table.find(name).tolist() for name in NAMES] == first


def test_names_that_begin_alike_and_names_with_dots(path: Path) -> None:
    table = table_of(path)
    names = [table.name(index) for index in range(len(table))]
    starting = [names[each] for each in table.starting("type_")]
    assert starting == ["type_show"]
    assert [names[each] for each in table.starting("sho")] == ["show"]
    every = np.ones(len(table), np.bool_)
    assert set(table.with_dot(every)) == {"a.c", "type.show.1"}
    assert list(table.with_dot(~every)) == []


def test_where_symbols_are(path: Path) -> None:
    table = table_of(path)
    kinds = {name: int(table.sections[table.find(name)[0]]) for name in ("w", "fixed", "elsewhere")}
    text = open_image(str(path)).section(".text")
    assert text is not None
    assert kinds == {"w": text.index, "fixed": ABSOLUTE, "elsewhere": 0}
    weak = int(table.find("how")[0])
    assert (int(table.bindings[weak]), int(table.kinds[weak])) == (2, 2)
    assert "elsewhere" not in {each.name for each in symbols(open_image(str(path)))}
