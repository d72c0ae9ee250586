"""The page of Python's reference: what `klprove.__all__` names, with its docstrings, read by griffe
without running anything."""

from collections.abc import Iterator
from pathlib import Path

import griffe


def python_page(source: Path) -> str:
    """The page in Markdown; `source`: the folder that has `klprove`."""
    package = griffe.load("klprove", search_paths=[source], resolve_aliases=True)
    lines = [
        "# Python",
        "",
        "Everything that `klprove` hands out. [Python, by example](../api.md) shows how it is used.",
    ]
    for name in package.exports or ():
        member = package[str(name)]
        # A room has the name of the function in it.
        lines += _member(str(name), package["api"][str(name)] if member.is_module else member)
    return "\n".join(lines) + "\n"


def _member(name: str, member: griffe.Object | griffe.Alias) -> Iterator[str]:
    yield from ("", f"## klprove.{name}", "")
    if member.is_function:
        yield from ("```python", _signature(name, member), "```", "")
    yield _docstring(member)
    if member.is_alias:
        member = member.final_target  # whose members are no aliases, unless they are inherited
    if member.is_class:
        for below, attribute in member.members.items():
            if not below.startswith("_") and not attribute.is_alias:
                yield from ("", f"`{_heading(below, attribute)}`", f":   {_indented(attribute)}")


def _heading(name: str, member: griffe.Object | griffe.Alias) -> str:
    if member.is_function and "property" not in member.labels:
        return _signature(name, member).removeprefix("def ")
    kind = member.returns if member.is_function else member.annotation
    return f"{name}: {kind}" if kind else name


def _signature(name: str, function: griffe.Object | griffe.Alias) -> str:
    return f"def {name}({', '.join(_parameters(function))}) -> {function.returns}"


def _parameters(function: griffe.Object | griffe.Alias) -> Iterator[str]:
    starred = False
    for each in function.parameters:
        if each.name == "self":
            continue
        if each.kind is griffe.ParameterKind.keyword_only and not starred:
            starred = True
            yield "*"
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(
            each.kind.value if each.kind else "", ""
        )
        starred = starred or stars == "*"
        text = stars + each.name + (f": {each.annotation}" if each.annotation else "")
        yield text if stars or each.default is None else f"{text} = {each.default}"


def _docstring(member: griffe.Object | griffe.Alias) -> str:
    return member.docstring.value if member.docstring else ""


def _indented(member: griffe.Object | griffe.Alias) -> str:
    return _docstring(member).replace("\n", "\n    ") or "\\-"
