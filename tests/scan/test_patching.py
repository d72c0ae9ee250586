"""Can it be livepatched, and why not."""

from pathlib import Path

from klprove.scan import Map, scan
from tests.scan.toy import objcopied, toy


def word(found: Map, name: str) -> str:
    (index,) = found.find(name)
    return found.patch[index]


def test_each_reason(found: Map) -> None:
    said = {
        name: word(found, name)
        for name in ("arch_cpu_idle", "boots", "ct_idle_enter", "assembler", "untraced", "twice")
    }
    assert said == {
        "arch_cpu_idle": "site",
        "boots": "init",
        "ct_idle_enter": "noinstr",
        "assembler": "assembler",
        "untraced": "no-site",
        "twice": "site",
    }


def test_regions_come_from_the_boundaries(found: Map) -> None:
    (index,) = found.find("arch_cpu_idle")
    assert (found.regions[index], found.offsets[index]) == ("cpuidle", 0)


def test_the_site_of_a_weak_function_that_was_overridden_is_counted(found: Map) -> None:
    assert found.counts["ftrace sites of overridden weak functions"] == 1


def test_padding_before_a_function_is_none(found: Map) -> None:
    assert not found.find("__pfx_padding")
    assert word(found, "__SCT__hook") == "stub"


def test_a_site_behind_endbr64() -> None:
    found = scan(str(toy("-fcf-protection=branch")))
    (index,) = found.find("default_idle")
    assert (found.patch[index], found.offsets[index]) == ("site", 4)


def test_without_the_table_nothing_is_said() -> None:
    found = scan(str(objcopied("--strip-symbol=__start_mcount_loc")))
    assert word(found, "arch_cpu_idle") == "unknown"
    assert word(found, "boots") == "init"


def test_names_may_come_from_a_list(found: Map, tmp_path: Path) -> None:
    lines = [f"{a:016x} T {n}" for a, n in zip(found.addresses, found.names, strict=True)]
    lines += ["0000000000000000 A absolute", "ffffffffc0000000 t of_a_module\t[module]"]
    names = tmp_path / "System.map"
    names.write_text("\n".join(lines))
    again = scan(str(objcopied("--strip-all")), str(names))
    assert again.names == found.names
    assert word(again, "arch_cpu_idle") == "unknown"  # the table's own symbols are not in the list


def test_functions_of_one_name_are_told_apart() -> None:
    found = scan(str(toy("-DSECOND")))
    first, second = found.find("twin")
    assert [found.sympos[each] for each in (first, second)] == [1, 2]
    assert found.find("twin,2") == [second]
    assert found.find("twin,3") == []


def test_the_list_of_a_running_kernel_decides_where_the_image_does_not(tmp_path: Path) -> None:
    listed = tmp_path / "available_filter_functions"
    listed.write_text("arch_cpu_idle\nffffffff81000000 mwait_idle\nof_a_module [module]\n")
    found = scan(str(objcopied("--strip-symbol=__start_mcount_loc")), traceable=str(listed))
    able = {found.names[i] for i, each in enumerate(found.patch) if each == "site"}
    assert able == {"arch_cpu_idle", "mwait_idle"}
    assert "unknown" not in found.patch


def test_else_what_differs_is_said(tmp_path: Path, found: Map) -> None:
    listed = tmp_path / "available_filter_functions"
    able = [found.names[i] for i, each in enumerate(found.patch) if each == "site"]
    listed.write_text("\n".join([*able[1:], "untraced"]))
    again = scan(str(toy()), traceable=str(listed))
    (note,) = set(again.notes) - set(found.notes)
    assert "1 of its functions have no site in the image; 1 with a site are not in it" in note
    assert again.patch == found.patch


def test_a_kernel_without_livepatching_is_told(found: Map) -> None:
    assert not any("CONFIG_LIVEPATCH" in each for each in found.notes)
    without = scan(str(objcopied("--strip-symbol=klp_enable_patch")))
    assert any("by its symbols" in each and "CONFIG_LIVEPATCH" in each for each in without.notes)
    by_config = scan(str(toy("-DCONFIGURED")))
    assert any("by its configuration" in each for each in by_config.notes)
