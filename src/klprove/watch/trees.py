# SPDX-License-Identifier: GPL-2.0-or-later
"""Where files of /proc and /sys are read: this machine, a copied folder, a tar archive."""

import os
import stat
import tarfile
from typing import Protocol

from klprove.source import BadInput, Diagnostic, Span

LARGEST = 64 << 20
"""Bytes that are read of one file: enabled_functions has 10 MB where all functions are traced."""


class Tree(Protocol):
    """Files by absolute path. Both methods raise OSError, as `open` does."""

    name: str
    live: bool
    """It is this machine, and may change."""

    def text(self, path: str) -> str:
        """What is in the file."""

    def names(self, path: str) -> list[str]:
        """What is in the folder, sorted."""


class Folder:
    """A folder with `proc` and `sys` in it; `/` is this machine."""

    def __init__(self, root: str = "/") -> None:
        self.live = os.path.realpath(root) == "/"
        self.name = "this machine" if self.live else root
        self._root = "" if self.live else root.rstrip("/")

    def text(self, path: str) -> str:
        """What is in the file; a pipe, a device or a link out of a copied folder is not read."""
        handle = os.open(self._root + path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not self.live and not self._ours(path, handle):
                raise PermissionError(1, "not a file of this folder", path)
            parts = [os.read(handle, 1 << 16)]
            size = len(parts[0])
            while parts[-1] and size < LARGEST:
                parts.append(os.read(handle, 1 << 20))
                size += len(parts[-1])
        finally:
            os.close(handle)
        return b"".join(parts).decode(errors="surrogateescape")

    def _ours(self, path: str, handle: int) -> bool:
        real = os.path.realpath(self._root + path)
        inside = real.startswith(os.path.realpath(self._root) + os.sep)
        return inside and stat.S_ISREG(os.fstat(handle).st_mode)

    def names(self, path: str) -> list[str]:
        """What is in the folder, sorted."""
        return sorted(os.listdir(self._root + path))


class Archive:
    """A tar archive of such a folder, never unpacked to a disk."""

    live = False

    def __init__(self, path: str) -> None:
        self.name = path
        self._texts: dict[str, str] = {}
        self._folders: dict[str, set[str]] = {"": set()}
        try:
            with tarfile.open(path) as archive:
                self._take(archive)
        except (tarfile.TarError, EOFError, ValueError, OverflowError):
            text = "neither a folder nor a tar archive with `proc` and `sys` in it"
            raise refused(path, text) from None

    def _take(self, archive: tarfile.TarFile) -> None:
        left = LARGEST
        for member in archive:
            path = "/" + os.path.normpath(member.name.lstrip("/")).removeprefix(".").lstrip("/")
            if member.isdir():
                self._enter(path)
            elif member.isreg():
                left -= member.size
                if left < 0:
                    raise refused(self.name, f"more than {LARGEST >> 20} MB unpacked")
                file = archive.extractfile(member)
                self._texts[path] = file.read().decode(errors="surrogateescape") if file else ""
                self._enter(path)

    def _enter(self, path: str) -> None:
        while path not in ("", "/"):
            parent, _, name = path.rpartition("/")
            self._folders.setdefault(parent, set()).add(name)
            path = parent

    def text(self, path: str) -> str:
        """What is in the file."""
        if path not in self._texts:
            raise FileNotFoundError(2, "no such file", path)
        return self._texts[path]

    def names(self, path: str) -> list[str]:
        """What is in the folder, sorted."""
        path = path.rstrip("/")
        if path in self._folders:
            return sorted(self._folders[path])
        parent, _, name = path.rpartition("/")
        if name in self._folders.get(parent, ()) and path not in self._texts:
            return []
        raise FileNotFoundError(2, "no such folder", path)


class Recorder:
    """A tree that keeps what was read of it, but for each thread's patch_state."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.name = tree.name
        self.live = tree.live
        self.texts: dict[str, str] = {}
        self.folders: set[str] = set()

    def text(self, path: str) -> str:
        """What is in the file."""
        text = self._tree.text(path)
        if not path.endswith("/patch_state"):
            self.texts[path] = text
        return text

    def forget(self) -> None:
        """Start again with nothing kept."""
        self.texts.clear()
        self.folders.clear()

    def names(self, path: str) -> list[str]:
        """What is in the folder, sorted."""
        found = self._tree.names(path)
        if path.startswith("/sys/kernel/livepatch"):
            functions = (f"{path}/{each}" for each in found if "," in each)
            self.folders.update((path, *functions))
        return found


def open_tree(root: str) -> Tree:
    """The folder or the archive `root`. Raises BadInput where it holds no /sys and /proc."""
    try:
        tree: Tree = Folder(root) if os.path.isdir(root) else Archive(root)
        held = set(tree.names("/")) if not isinstance(tree, Archive) else set(tree.names(""))
        inside = tree.names("/sys") if "sys" in held else []
    except OSError as error:
        raise refused(root, f"cannot read: {error.strerror}") from None
    if "proc" not in held or "kernel" not in inside:
        raise refused(root, "no copy of /proc and /sys: `proc` and `sys/kernel` are not in it")
    return tree


def refused(path: str, text: str) -> BadInput:
    """`path` cannot be used, and why."""
    hint = "klprove watch --collector prints a script that makes one"
    return BadInput([Diagnostic("machine", Span(path, 0, 0), text, hint)])
