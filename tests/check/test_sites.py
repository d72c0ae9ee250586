"""Which functions are patched, and what is said about those that cannot be."""

import pytest

from klprove.check.sites import sites
from klprove.source import BadInput

KNOWN = ("vfs_read", "rcu_irq_enter", "ist_enter")
TEXT = ("ist_enter", "rcu_irq_enter", "vfs_read", "list_add")


def test_nothing_patched_is_one_nameless_site() -> None:
    assert sites((), KNOWN, TEXT) == ("",)


def test_each_is_the_models_own_list_in_its_order() -> None:
    assert sites(("each",), KNOWN, TEXT) == KNOWN


def test_each_passes_over_what_the_text_made_untraceable() -> None:
    assert sites(("each",), KNOWN, ("vfs_read", "ist_enter")) == ("vfs_read", "ist_enter")


def test_each_without_a_model_is_every_traceable_function() -> None:
    assert sites(("each",), (), TEXT) == TEXT


def test_functions_by_name_need_not_be_in_the_list() -> None:
    assert sites(("list_add", "vfs_read+ist_enter"), KNOWN, TEXT) == (
        "list_add",
        "vfs_read+ist_enter",
    )


def test_unknown_names_are_refused_together_with_near_ones() -> None:
    with pytest.raises(BadInput) as caught:
        sites(("rcu_irq_entre", "vfs_read", "ist_entr+vfs_raed"), KNOWN, TEXT)
    texts = [each.render() for each in caught.value.diagnostics]
    assert len(texts) == 3
    assert texts[0].startswith("--patch: error: no function rcu_irq_entre() that can be patched")
    assert "rcu_irq_enter" in texts[0] and "[patch]" in texts[0]
    assert "ist_enter" in texts[1] and "vfs_read" in texts[2]


def test_a_listed_site_made_notrace_says_so() -> None:
    with pytest.raises(BadInput, match="makes it notrace or inline"):
        sites(("ist_enter",), KNOWN, ("vfs_read",))


def test_no_function_at_all() -> None:
    with pytest.raises(BadInput, match="no function to patch"):
        sites(("each",), (), ())
