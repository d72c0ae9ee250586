"""The pictures of the documentation: `make screenshots` takes them in a headless Chromium.

The page about handler F at its shortest violation, and the matrix of build/pictures.json: light,
dark, and as printed (PDF, then the first sheet as pdftoppm of Debian's poppler-utils draws it).
"""

import base64
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from klprove.cli.main import run
from klprove.report.picture import page
from klprove.verdict.compared import read_answers
from tests.report.picture.browser import FOUND, Browser

WIDTH, HEIGHT = 1200, 760
LARGEST = 200_000
"""Bytes of a picture."""


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a window of this size."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = Browser(Path(folder))
        made.ask(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH, height=HEIGHT, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        yield made
        made.close()


def take(seen: Browser, file: Path, to: Path, step: str = "", printed: bool = True) -> None:
    """`to` with -light.png, -dark.png and, `printed`, -print.png after it."""
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        seen.ask("Emulation.setEmulatedMedia", features=[feature])
        seen.open(file, step)
        seen.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200)))")
        drawn = seen.ask("Page.captureScreenshot")["data"]
        Path(f"{to}-{scheme}.png").write_bytes(base64.b64decode(drawn))
    if printed:
        pdf = seen.ask("Page.printToPDF", landscape=True, printBackground=False)["data"]
        _first_sheet(base64.b64decode(pdf), to)
    if seen.complaints:
        raise SystemExit(f"{file}: {seen.complaints}")


def _first_sheet(pdf: bytes, to: Path) -> None:
    if not shutil.which("pdftoppm"):
        print(f"{to}-print.png: not made, pdftoppm is not installed (Debian's poppler-utils)")
        return
    command = ["pdftoppm", "-png", "-r", "80", "-singlefile", "-", f"{to}-print"]
    subprocess.run(command, input=pdf, check=True)


def _timeline(folder: Path) -> Path:
    path = folder / "f.json"
    words = ["check", "handlers/2017/F.c", "--kernel", "v4.12rc", "--patch", "rcu_nmi_enter"]
    with redirect_stdout(io.StringIO()):
        run([*words, "--traces", "none", "--json", str(path)])
    file = folder / "timeline.html"
    file.write_bytes(page(read_answers([str(path)]), "redirect-lost"))
    return file


def _matrix(compared: str, folder: Path) -> Path:
    file = folder / "matrix.html"
    file.write_bytes(page(read_answers([compared])))
    return file


def main(compared: str, target: str) -> None:
    """The pictures of `compared`, and of handler F, into the folder `target`."""
    if not FOUND:
        raise SystemExit("no Chromium (Debian's package chromium)")
    with TemporaryDirectory() as scratch, browser() as seen:
        folder, to = Path(scratch), Path(target)
        to.mkdir(parents=True, exist_ok=True)
        print("a check of handler F, then three pages", flush=True)
        take(seen, _timeline(folder), to / "timeline")
        take(seen, _matrix(compared, folder), to / "matrix")
        cell = "#F/rcu_nmi_enter/v4.12rc/nested-unwatched/step-61"
        take(seen, folder / "matrix.html", to / "cell", cell, printed=False)
    for each in sorted(to.glob("*.png")):
        size = each.stat().st_size
        print(f"{each.name}: {size / 1000:.0f} kB")
        if size > LARGEST:
            raise SystemExit(f"{each}: more than {LARGEST:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:3])
