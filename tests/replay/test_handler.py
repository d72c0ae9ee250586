"""A user's handler as a module: what of the model its objects are, and where."""

import pytest

from klprove.api import question
from klprove.check.checking import program
from klprove.image.btf.reading import STRUCTURE
from klprove.ir.program import Program
from klprove.lab.layout import Layout
from klprove.lab.memory import FIXED, Word
from klprove.replay.handler import Built, loaded, pairs, source
from tests.image.types import types

_NAMES = b"\0u64\0klp_func\0new_func\0transition\0klp_ops\0func_stack\0list_head\0next\0"
FUNCS, OPS, SITE = 0xFFFFFFFFC0003000, 0xFFFFFFFFC0004000, 0xFFFFFFFF81001000


def _at(name: str) -> int:
    return _NAMES.index(b"\0" + name.encode() + b"\0") + 1


RECORDS = [
    (1, _at("u64"), 8, 0),
    (STRUCTURE, _at("klp_func"), 64, 2),
    (STRUCTURE, _at("klp_ops"), 32, 1),
    (STRUCTURE, _at("list_head"), 16, 1),
]
MEMBERS = {
    2: [(_at("new_func"), 1, 64), (_at("transition"), 1, 192)],
    3: [(_at("func_stack"), 4, 128)],
    4: [(_at("next"), 1, 0)],
}
PLACES = Layout("toy", {}, types(RECORDS, _NAMES, MEMBERS), {})


@pytest.fixture(scope="module")
def text() -> Program:
    """Handler A in the model."""
    return program(question("handlers/2017/A.c", kernel="v6.0", patch="vfs_read"))


def test_the_files_of_the_module() -> None:
    files = source("handlers/2017/A.c", {"KLP_WAIT_RCU": "1"})
    assert sorted(files) == ["Kbuild", "handler.c", "macros.h", "user.c"]
    assert files["macros.h"] == b"#ifndef KLP_WAIT_RCU\n#define KLP_WAIT_RCU 1\n#endif\n"
    text = files["handler.c"].decode()
    assert text.index('"macros.h"') < text.index('"user.c"')


def test_objects_of_the_module_under_the_model_s_names(text: Program) -> None:
    found = pairs(text, PLACES, {"klp_funcs": FUNCS, "klp_ops": OPS}, SITE)
    assert {name: each.word for name, each in found.items()} == {
        "klp_funcs[0].new_func": Word(FIXED, FUNCS + 8, 8, False),
        "klp_funcs[0].transition": Word(FIXED, FUNCS + 24, 8, False),
        "klp_funcs[1].new_func": Word(FIXED, FUNCS + 72, 8, False),
        "klp_funcs[1].transition": Word(FIXED, FUNCS + 88, 8, False),
        "klp_ops.func_stack.next": Word(FIXED, OPS + 16, 8, False),
    }


def test_a_replacement_is_the_rest_of_the_patched_function(text: Program) -> None:
    found = pairs(text, PLACES, {"klp_funcs": FUNCS}, SITE)
    (code,) = (each for each in text.objects if each.name == "klp_text")
    told = found["klp_funcs[1].new_func"].told
    assert (told(code.addr), told(code.addr + 1)) == (SITE + 5, SITE + 5)
    assert told(12345) == 12345


def test_elements_may_lie_in_modules_of_their_own(text: Program) -> None:
    apart = {"klp_funcs[1]": FUNCS, "klp_text[0]": 0x70, "klp_text[1]": 0x71}
    found = pairs(text, PLACES, apart, SITE)
    assert sorted(found) == ["klp_funcs[1].new_func", "klp_funcs[1].transition"]
    assert found["klp_funcs[1].new_func"].word.at == FUNCS + 8
    (code,) = (each for each in text.objects if each.name == "klp_text")
    told = found["klp_funcs[1].new_func"].told
    assert (told(code.addr), told(code.addr + 1)) == (0x70, 0x71)
    assert told(0x200) == 0xDEAD000000000122  # LIST_POISON2


def test_a_module_without_objects_has_no_pairs(text: Program) -> None:
    assert pairs(text, PLACES, {}, SITE) == {}


def test_symbols_lie_where_the_kernel_has_put_their_sections() -> None:
    built = Built(b"", {"f": (".text", 16), "g": (".init.text", 0)})
    assert loaded(built, {".text": 0xFFFFFFFFC0000000}) == {"f": 0xFFFFFFFFC0000010}
