"""Writes the module of a recipe: the fixed functions, what they need, and a klp_patch by hand."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.lint.cves.recipe import Recipe, positions
from tests.lint.cves.text import Source

_NEW = "klpp_"
_FOUND = "klpe_"
_COPIED = "klpr_"
"""Prefixes as SUSE's livepatches have them: patched, externalised, a copy."""

_WANTED = """
static struct {{ const char *name; unsigned int position, seen; void **at; }} klp_wanted[] = {{
{entries}
}};

static void *klp_address_of(const char *name)
{{
	struct kprobe probe = {{ .symbol_name = name }};

	if (register_kprobe(&probe))
		return NULL;
	unregister_kprobe(&probe);
	return probe.addr;
}}
"""
_LOOKUP = """
static int klp_see(void *data, const char *name, struct module *owner, unsigned long address)
{
	int each;

	for (each = 0; each < ARRAY_SIZE(klp_wanted); each++) {
		if (strcmp(klp_wanted[each].name, name))
			continue;
		klp_wanted[each].seen++;
		if (klp_wanted[each].seen == max(klp_wanted[each].position, 1u))
			*klp_wanted[each].at = (void *)address;
	}
	return 0;
}

static int klp_find(void)
{
	int (*visit)(typeof(klp_see) *, void *) = klp_address_of("kallsyms_on_each_symbol");
	int each;

	if (!visit)
		return -ENOENT;
	visit(klp_see, NULL);
	for (each = 0; each < ARRAY_SIZE(klp_wanted); each++) {
		if (!*klp_wanted[each].at || (!klp_wanted[each].position && klp_wanted[each].seen > 1))
			return -ENOENT;
	}
	return 0;
}
"""
_LOOKUP_IN_MODULE = """
static int klp_find(void)
{
	unsigned long (*find)(const char *) = klp_address_of("kallsyms_lookup_name");
	int each;

	if (!find)
		return -ENOENT;
	for (each = 0; each < ARRAY_SIZE(klp_wanted); each++) {
		*klp_wanted[each].at = (void *)find(klp_wanted[each].name);
		if (!*klp_wanted[each].at)
			return -ENOENT;
	}
	return 0;
}

static int klp_before(struct klp_object *object)
{
	return klp_find();
}
"""
_TAIL = """
static struct klp_func klp_funcs[] = {{
{functions}
	{{ }}
}};

static struct klp_object klp_objs[] = {{
	{{ {object}.funcs = klp_funcs{callbacks} }},
	{{ }}
}};

static struct klp_patch klp_patch = {{
	.mod = THIS_MODULE,
	.objs = klp_objs,
	.replace = true,
}};

static int __init klp_enter(void)
{{
	{find}return klp_enable_patch(&klp_patch);
}}

static void __exit klp_leave(void)
{{
}}

module_init(klp_enter);
module_exit(klp_leave);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
"""


def write(recipe: Recipe, old: Path, new: Path) -> str:
    """The C of the module; raises Missing."""
    source, fixed = Source(old / recipe.file), Source(new / recipe.file)
    return "\n".join(_parts(recipe, source, fixed, list(_inlines(recipe, old))))


def _inlines(recipe: Recipe, old: Path) -> Iterator[str]:
    for header, name in (each.split(":") for each in recipe.inline):
        yield f"#define {name} {_COPIED}{name}\n{Source(old / header).definition(name).text}"


def _parts(recipe: Recipe, old: Source, new: Source, inlines: list[str]) -> Iterator[str]:
    left = [each for each in old.includes() if not any(name in each for name in recipe.without)]
    yield from left
    yield from ("#include <linux/module.h>", "#include <linux/livepatch.h>")
    yield from ("#include <linux/kprobes.h>", "#include <linux/kallsyms.h>")
    ordered = [(*_place(old, new, each), each) for each in recipe.fixed]
    ordered += [(old.definition(each).at, old.definition(each).text, each) for each in recipe.take]
    ordered.sort()
    shapes = [text for _, text, each in ordered if each.split()[0] in ("struct", "macro", "enum")]
    yield from shapes
    yield recipe.add
    looked_up = [name for name, _ in positions(recipe.lookup)]
    yield from (_looked_up(old, new, each) for each in looked_up)
    yield from inlines
    names = [name for name, _ in recipe.replaced if not _entry(name)]
    yield from (f"#undef {name}\n#define {name} {_NEW}{name}" for name in names)
    for _, text, each in ordered:
        if text not in shapes:
            yield _renamed(text)
        if each in names and each in looked_up:
            # Whoever keeps the address gets the kernel's: that of the module would outlive it.
            yield f"#undef {each}\n#define {each} (*{_FOUND}{each})"
    yield _tables(recipe)


def _place(old: Source, new: Source, wanted: str) -> tuple[int, str]:
    """Fixed text, at the place that it has in the old file, as texts of both are mixed."""
    text = new.definition(wanted)
    before = old.find(wanted)
    return (before.at if before else text.at), text.text


def _looked_up(old: Source, new: Source, name: str) -> str:
    declared = old.declaration(name) or new.declaration(name)
    pointer = f"static typeof({name}) *{_FOUND}{name};"
    return f"{declared}\n{pointer}\n#define {name} (*{_FOUND}{name})"


def _entry(name: str) -> str:
    """The system call of an entry point."""
    match = re.fullmatch(r"__(?:x64|ia32)_sys_(\w+)", name)
    return match[1] if match else ""


def _renamed(text: str) -> str:
    """A system call under another name, without what the event tracer wants to know about it."""
    return re.sub(r"^SYSCALL_DEFINE(\d)\((\w+)", rf"__SYSCALL_DEFINEx(\1, _{_NEW}\2", text)


def _new_name(name: str) -> str:
    call = _entry(name)
    return f"{name.removesuffix(call)}{_NEW}{call}" if call else _NEW + name


def _tables(recipe: Recipe) -> str:
    functions = [
        f'\t{{ .old_name = "{name}", .new_func = {_new_name(name)}, .old_sympos = {position} }},'
        for name, position in recipe.replaced
    ]
    late = bool(recipe.object and recipe.lookup)
    find = "int error = klp_find();\n\n\tif (error)\n\t\treturn error;\n\t"
    return _look_ups(recipe) + _TAIL.format(
        functions="\n".join(functions),
        object=f'.name = "{recipe.object}", ' if recipe.object else "",
        callbacks=", .callbacks = { .pre_patch = klp_before }" if late else "",
        find=find if recipe.lookup and not late else "",
    )


def _look_ups(recipe: Recipe) -> str:
    if not recipe.lookup:
        return ""
    entries = [
        f'\t{{ "{name}", {position}, 0, (void **)&{_FOUND}{name} }},'
        for name, position in positions(recipe.lookup)
    ]
    wanted = _WANTED.format(entries="\n".join(entries))
    return wanted + (_LOOKUP_IN_MODULE if recipe.object else _LOOKUP)
