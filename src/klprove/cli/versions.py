# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove --version`: which program this is, and what it runs on."""

import hashlib
from importlib import metadata
from pathlib import Path

import klprove

LIBRARIES = ("libclang", "click", "jinja2", "llvmlite", "numpy", "iced-x86", "drgn", "ray")
"""What can change an answer or the time that it takes; those of extras may be absent."""


def told() -> str:
    """Version, digests (twelve hex digits of SHA-256) and versions, a field a line."""
    import platform

    from klprove import kernels
    from klprove.cluster.identity import digest
    from klprove.report import field

    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    lines = [
        f"klprove {klprove.__version__}",
        *field("program", f"{digest()}, of it the engine {engine_digest()}"),
        *field("python", f"{python} {platform.machine()}"),
        *field("with", ", ".join(f"{each} {_version(each)}" for each in LIBRARIES)),
        *field("models", _models(kernels.HANDLER)),
        *field("core", _models(kernels.TRANSITION)),
    ]
    return "\n".join(lines)


def engine_digest() -> str:
    """Of the text of the rooms that turn C into a verdict: `c`, `lower`, `ir`, `engine`."""
    root = Path(klprove.__file__).parent
    whole = hashlib.sha256()
    for room in ("c", "engine", "ir", "lower"):
        for path in sorted((root / room).rglob("*.py")):
            whole.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:12]


def _models(scene: str) -> str:
    """Name and digest of each kernel model that has a text of its own for `scene`."""
    from klprove import kernels

    names = kernels.names(scene=scene)
    return ", ".join(f"{name}={kernels.load(name, scene=scene).digest[:12]}" for name in names)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not there"
