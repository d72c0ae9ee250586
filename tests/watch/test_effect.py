"""Is a patch really effective, and what else is to know about it."""

from tests.watch.machines import Machine, kinds


def state(machine: Machine) -> tuple[str, str]:
    found = machine.look().effects
    assert len(found) == 1
    return found[0].state, found[0].who


def test_effective() -> None:
    machine = Machine().patch()
    assert state(machine) == ("effective", "")
    found = machine.look()
    assert (found.word, found.status, found.findings) == ("EFFECTIVE", 0, ())


def test_overridden_by_somebody_who_changes_the_instruction_pointer() -> None:
    machine = Machine().patch().hook("vfs_read", to="kill_switch+0x0/0x10 [other]")
    assert state(machine) == ("overridden", "kill_switch")
    assert machine.look().status == 1 and "overridden" in kinds(machine.look())


def test_not_hooked_at_all() -> None:
    machine = Machine().patch(hooked=False)
    assert state(machine)[0] == "missing" and machine.look().status == 1


def test_a_tracer_alone_is_no_hook() -> None:
    machine = Machine().patch().hook("vfs_read", flags="     ", to="function_trace_call+0x0/0x1")
    assert state(machine) == ("missing", "function_trace_call")


def test_a_hook_on_a_namesake_in_a_module_is_another() -> None:
    machine = Machine().patch(hooked=False).hook("vfs_read", "nfs")
    assert state(machine)[0] == "missing"


def test_other_tracers_share_it() -> None:
    machine = Machine().patch().hook("vfs_read", users=3)
    assert state(machine)[0] == "shared" and "2 more" in state(machine)[1]
    assert machine.look().status == 0


def test_a_direct_call_may_change_what_it_returns() -> None:
    machine = Machine().patch().hook("vfs_read", users=2, flags="R I D")
    machine.add("/sys/kernel/tracing/enabled_functions", "\tdirect-->bpf_trampoline_1+0x0/0x1\n")
    assert state(machine) == ("contested", "direct call bpf_trampoline_1")
    assert "contested" in kinds(machine.look()) and machine.look().status == 3


def test_a_kprobe_at_the_entry() -> None:
    probes = "/sys/kernel/debug/kprobes/list"
    machine = Machine().patch().add(probes, "ffff  k  vfs_read+0x4    [FTRACE]\n")
    assert state(machine) == ("contested", "kprobe at vfs_read+0x4")
    machine.files[probes] = "ffff  k  vfs_read+0x4    [DISABLED][FTRACE]\n"
    assert state(machine)[0] == "effective"
    machine.files[probes] = "ffff  k  vfs_read+0x40    \nffff  r  vfs_read+0x0  nfs [FTRACE]\n"
    assert state(machine)[0] == "effective"


def test_an_object_that_is_there_and_not_patched() -> None:
    machine = Machine().module("nfs").patch("fix", {"nfs_read": "nfs"}, patched=0)
    assert state(machine)[0] == "unpatched"
    assert "object-not-patched" in kinds(machine.look()) and machine.look().status == 1


def test_an_object_that_is_not_there() -> None:
    machine = Machine().patch("fix", {"nfs_read": "nfs"}, patched=0, hooked=False)
    assert state(machine)[0] == "absent" and machine.look().status == 0


def test_replaced_again_by_a_newer_patch() -> None:
    machine = Machine().patch("old").patch("new")
    found = machine.look()
    assert [(e.patch, e.state, e.who) for e in found.effects] == [
        ("old", "superseded", "new"),
        ("new", "effective", ""),
    ]
    assert "superseded" in kinds(found) and found.status == 0


def test_the_newest_module_is_the_first_line_and_on_top() -> None:
    names = ("d", "a", "c", "b")
    machine = Machine()
    for each in names:
        machine.patch(each)
    found = machine.look()
    assert [each.name for each in found.snapshot.patches] == list(names)
    assert [each.order for each in found.snapshot.patches] == [1, 2, 3, 4]  # e1000 is older


def test_the_order_on_the_stack_is_said_since_6_14() -> None:
    machine = Machine().patch("b", stack_order=1).patch("a", stack_order=0)
    assert [each.name for each in machine.look().snapshot.patches] == ["a", "b"]


def test_on_the_list_and_disabled() -> None:
    found = Machine().patch(enabled=0).look()
    assert "disabled" in kinds(found) and found.status == 1


def test_replaced_and_still_loaded() -> None:
    found = Machine().patch("new").module("old", "(OEK)", 0).look()
    assert [(e.kind, e.patch) for e in found.findings] == [("replaced", "old")]
    assert found.status == 0


def test_forced_and_held_for_ever() -> None:
    found = Machine().patch("new").module("old", "(OEK)", 1).look()
    assert [(e.kind, e.patch) for e in found.findings] == [("forced", "old")]


def test_forced_says_the_log() -> None:
    found = Machine().patch().log(10, "forcing remaining tasks to the patched state").look()
    assert "forced" in kinds(found)


def test_a_module_that_is_being_loaded_is_no_leftover() -> None:
    machine = Machine()
    machine.files["/proc/modules"] = "new 16384 1 - Loading 0x0 (OEK)\n"
    assert machine.look().findings == ()


def test_ftrace_is_off() -> None:
    machine = Machine().patch()
    machine.files["/proc/sys/kernel/ftrace_enabled"] = "0\n"
    assert "ftrace-off" in kinds(machine.look()) and machine.look().status == 1


def test_a_module_was_refused() -> None:
    text = "patch 'fix' failed for module 'nfs', refusing to load module 'nfs'"
    machine = Machine().patch().log(10, text)
    assert "module-refused" in kinds(machine.look()) and machine.look().status == 1
    assert "module-refused" not in kinds(machine.module("nfs").look())


def test_a_patch_could_not_be_enabled() -> None:
    machine = Machine().log(10, "failed to register ftrace handler for function 'vfs_read' (-16)")
    found = machine.log(10, "failed to enable patch 'fix'").look()
    assert [each.kind for each in found.findings] == ["failed", "failed"]
    assert "vfs_read" in found.findings[0].text and found.status == 0


def test_the_kernel_does_not_say_that_it_is_patched() -> None:
    machine = Machine().patch()
    machine.files["/proc/sys/kernel/tainted"] = "0\n"
    assert "not-tainted" in kinds(machine.look())


def test_calls_that_a_kprobe_event_counts() -> None:
    tracing = "/sys/kernel/tracing"
    names = {"vfs_read": "vmlinux", "vfs_open": "vmlinux", "zero": "vmlinux"}
    machine = Machine().patch("fix", names)
    machine.files[f"{tracing}/kprobe_events"] = (
        "p:kprobes/a vfs_read\nr64:kprobes/b vfs_open\np:kprobes/c vfs_open+8\np:kprobes/d zero\n"
    )
    machine.files[f"{tracing}/kprobe_profile"] = (
        "  a     12     0\n  b  3  0\n  c  4  0\n  d  0  0\n"
    )
    assert machine.look().snapshot.calls == {"vfs_read": 12, "zero": 0}


def test_calls_that_the_function_profiler_counts() -> None:
    tracing, long = "/sys/kernel/tracing", "a_function_whose_name_is_longer_than_that"
    machine = Machine().patch("fix", {"vfs_read": "vmlinux", long: "vmlinux"})
    head = "  Function    Hit    Time\n  --------  ---   ----\n"
    for cpu in (0, 1):
        text = f"{head}  vfs_read    1{cpu}    5.0 us\n  {long[:30]}   7   1.0 us\n  other  9\n"
        machine.files[f"{tracing}/trace_stat/function{cpu}"] = text
    machine.files[f"{tracing}/function_profile_enabled"] = "0\n"
    assert machine.look().snapshot.calls == {}
    machine.files[f"{tracing}/function_profile_enabled"] = "1\n"
    assert machine.look().snapshot.calls == {"vfs_read": 21, long: 14}
    machine.patch("more", {"vfs_open": "vmlinux"})
    assert machine.look().snapshot.calls["vfs_open"] == 0


def test_what_is_unknown_is_said_of_each_patch() -> None:
    machine = Machine(denied=lambda path: path in ("/proc/modules", "/dmesg")).module("nfs")
    machine.patch("one", {"nfs_read": "nfs"}, patched=0).patch("two", {"vfs_read": "vmlinux"})
    found = machine.look()
    assert [(e.patch, e.state) for e in found.effects] == [("one", "unknown"), ("two", "effective")]
    (each,) = (e for e in found.findings if e.kind == "effect-unknown")
    assert each.patch == "one" and "list of modules" in each.text and found.status == 3


def test_without_the_list_of_kprobes_one_more_may_be_one() -> None:
    machine = Machine(denied=lambda path: path.endswith("kprobes/list")).patch()
    assert state(machine)[0] == "effective"
    machine.hook("vfs_read", users=2)
    assert state(machine)[0] == "contested" and machine.look().status == 3


def test_why_a_patch_is_off_the_list_is_said_by_its_own_lines() -> None:
    machine = Machine().patch("new").module("old", "(OEK)", 0)
    machine.log(5, "'other': unpatching complete").log(6, "'old': patching complete")
    assert "replaced or disabled" in machine.look().findings[0].text
    assert "it was disabled" in machine.log(7, "'old': unpatching complete").look().findings[0].text


def test_a_direct_call_of_another_function_is_not_ours() -> None:
    path = "/sys/kernel/tracing/enabled_functions"
    machine = Machine().patch()
    machine.add(path, "vfs_write (1)     D\n\tdirect-->bpf_trampoline_2+0x0/0x1\n")
    assert state(machine) == ("effective", "")
    machine.files[path] = "\tdirect-->bpf_trampoline_3+0x0/0x1\n" + (machine.files[path] or "")
    assert state(machine) == ("effective", "")
