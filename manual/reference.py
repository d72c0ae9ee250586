# SPDX-License-Identifier: GPL-2.0-or-later
"""Pages of the reference, from what the code itself says: commands, findings, rules, models,
complaints, schemas."""

import inspect
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import click

import klprove
from klprove.cli.main import commands
from klprove.explain import KINDS, Entry, entries
from klprove.kernels import SCENES, load, names
from klprove.source import CODES

COMMANDS = "reference/commands"
"""What stands in nav.toml for a page of each command."""

_TITLE = "klprove"


def every_command() -> dict[str, tuple[click.Command, click.Context]]:
    """By name without `klprove`, every command and subcommand, in the order of `--help`."""
    top = click.Context(commands, info_name=_TITLE)
    return dict(_below(commands, top, ""))


def _below(
    group: click.Group, context: click.Context, prefix: str
) -> Iterator[tuple[str, tuple[click.Command, click.Context]]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        below = click.Context(command, parent=context, info_name=name)
        yield prefix + name, (command, below)
        if isinstance(command, click.Group):
            yield from _below(command, below, f"{prefix}{name} ")


def pages() -> dict[str, str]:
    """By place: the pages of the reference but those of single commands and of Python."""
    return {
        "reference/index.md": _commands(),
        "reference/findings.md": _findings(),
        "reference/rules.md": _rules(),
        "reference/words.md": _words(),
        "reference/models.md": _models(),
        "reference/complaints.md": _complaints(),
        "reference/schemas.md": _schemas(),
    }


def command_pages() -> dict[str, str]:
    """By name of a command: its page."""
    return {name: _command(name, *each) for name, each in every_command().items()}


def _commands() -> str:
    lines = ["# The command line", "", *_prose(commands), "", "| command | |", "|---|---|"]
    for name, (command, _) in every_command().items():
        link = name.replace(" ", "-")
        lines.append(f"| [klprove {name}]({link}.md) | {_cell(command.get_short_help_str(200))} |")
    return "\n".join([*lines, "", "Options of `klprove` itself:", "", *_options(_top()), ""])


def _top() -> tuple[click.Command, click.Context]:
    return commands, click.Context(commands, info_name=_TITLE)


def _command(name: str, command: click.Command, context: click.Context) -> str:
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"# klprove {name}", "", "```", f"klprove {name} {usage}", "```", ""]
    return "\n".join([*lines, *_prose(command), "", *_options((command, context)), ""])


def _prose(command: click.Command) -> Iterator[str]:
    """A command's docstring; what click is told not to fill (`\\b`) is code."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if not paragraph.startswith("\b"):
            yield from (*paragraph.split("\n"), "")
            continue
        head, _, rest = paragraph.removeprefix("\b\n").partition("\n")
        yield from [head, ""] if head.endswith(":") else []
        yield from (
            "```",
            *inspect.cleandoc(rest if head.endswith(":") else f"{head}\n{rest}").split("\n"),
            "```",
            "",
        )


def _options(of: tuple[click.Command, click.Context]) -> Iterator[str]:
    """A definition list of options."""
    command, context = of
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1]:
            yield from (f"`{record[0]}`", f":   {_text(record[1])}", "")


def _findings() -> str:
    lines = [
        "# Findings",
        "",
        "What `klprove check` can find, why it is bad, and what must be true of the real code for "
        "it not to apply there. `klprove explain CODE` prints the same.",
    ]
    for each in entries().values():
        if each.kind == "finding":
            lines += ["", f"## {each.word}", "", f"{_sentence(each.title)}.", ""]
            lines += [f"{_sentence(each.why)}.", ""]
            lines += [f"*Wrong if* {_text(each.wrong_if)}.", ""]
            lines += [f"*What to do.* {_sentence(each.remedy)}.", "", f"    {each.example}"]
            lines += ["", f"```c\n{each.model}```"] if each.model else []
    return "\n".join(lines) + "\n"


def _words() -> str:
    lines = [
        "# Words",
        "",
        "What else `klprove explain` explains. [Findings](findings.md), [rules](rules.md) and "
        "[kernel models](models.md) have pages of their own.",
    ]
    for kind, title in KINDS.items():
        if kind not in ("finding", "rule", "generation"):
            lines += ["", f"## {_sentence(title)}"]
            for each in entries().values():
                lines += _word(each) if each.kind == kind else []
    return "\n".join(lines) + "\n"


def _word(of: Entry) -> Iterator[str]:
    yield from ("", f"### {of.word}", "", f"{_sentence(of.title)}.")
    for text in (*of.what, of.why, of.remedy):
        yield from ("", _text(text)) if text else ()
    yield from ("", f"    {of.example}") if of.example else ()


def _rules() -> str:
    text = (resources.files(klprove) / "lint" / "rules" / "rules.toml").read_text()
    lines = [
        "# Rules of lint",
        "",
        "What `klprove lint` looks at in a finished livepatch module. [lint](../lint.md) says "
        "which severity each has, and where it is from.",
    ]
    for name, rule in tomllib.loads(text).items():
        lines += ["", f"## {name} {rule['title']}", ""]
        lines += [_text(rule["what"]), "", _text(rule["why"])]
        for key, title in (("incident", "Where it bit"), ("remedy", "What to do")):
            if key in rule:
                lines += ["", f"*{title}.* {_text(rule[key])}"]
        if "model" in rule:
            lines += ["", f"A model shows it: `{rule['model']}` finds `{rule['shows']}`."]
        if "live" in rule:
            lines += ["", f"*What no file says.* {_text(rule['live'])}"]
    return "\n".join(lines) + "\n"


def _models() -> str:
    lines = [
        "# Kernel models",
        "",
        "Names that `--kernel` takes; [kernels](../kernels.md) has more.",
    ]
    for name in names():
        kernel = load(name)
        lines += ["", f"## {name}", "", f"{_text(kernel.title)}; {len(kernel.sites)} sites."]
        lines += ["", *(f"* {_text(each)}" for each in kernel.differs)]
        lines += ["", "Functions that can be patched:", ""]
        lines += [", ".join(f"`{site}`" for site in kernel.sites) + "."]
        for scene in SCENES:
            if name in names(scene=scene) and (actions := load(name, scene=scene).actions):
                listed = ", ".join(f"`{action}`" for action in actions)
                lines += ["", f"Actions of the scene `{scene}`: {listed}."]
    return "\n".join(lines) + "\n"


def _complaints() -> str:
    lines = [
        "# Complaints about input",
        "",
        "Whatever cannot be used is told as `FILE:LINE:COLUMN: error: TEXT [code]`, with the line "
        "and what to write instead, and the exit status is 2.",
        "",
        "| code | |",
        "|---|---|",
    ]
    return (
        "\n".join([*lines, *(f"| `{code}` | {_cell(text)} |" for code, text in CODES.items())])
        + "\n"
    )


def _schemas() -> str:
    lines = [
        "# Schemas",
        "",
        "What is written as JSON has a member `schema` with a name and a version, and a JSON "
        "Schema (draft 2020-12) that the tests hold every answer against. [JSON](../json.md) says "
        "what the members mean.",
    ]
    for path in sorted(Path(str(resources.files(klprove))).rglob("*.schema.json")):
        schema = json.loads(path.read_text())
        lines += ["", f"## {path.name.removesuffix('.schema.json')}", ""]
        lines += [f"{_text(schema.get('title') or schema['description'])}."]
        lines += ["", "| member | | |", "|---|---|---|", *_members(schema)]
        text = json.dumps(schema, indent=1)
        lines += ["", f'??? note "{path.name}"', "", "    ```json"]
        lines += [*(f"    {line}" for line in text.splitlines()), "    ```"]
    return "\n".join(lines) + "\n"


def _members(schema: Mapping[str, Any]) -> Iterator[str]:
    needed = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        always = "always" if name in needed else "may be absent"
        yield f"| `{name}` | {_cell(_kind(member))} | {always} |"


def _kind(member: Mapping[str, Any]) -> str:
    """In a few words, what may stand in a member of a document."""
    if "description" in member:
        return str(member["description"])
    if "$ref" in member:
        return str(member["$ref"]).rpartition("/")[2].replace("_", " ")
    if "const" in member:
        return json.dumps(member["const"])
    if "enum" in member:
        return ", ".join(map(json.dumps, member["enum"]))
    kinds: str | Sequence[str] = member.get("type", "anything")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _sentence(text: str) -> str:
    return _text(text[0].upper() + text[1:])


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def _text(text: str) -> str:
    """`text` on one line, as Markdown that shows it as it is: no HTML, no emphasis, no links."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part if part.startswith("`") else re.sub(r"([*_\[\]])", r"\\\1", escape(part, quote=False))
        for part in parts
    )
