"""`python -m manual FOLDER` writes the manual's pages to FOLDER, `index.html` first.

Exit status: 0; 1 where a link or an anchor leads nowhere, or a page is in no group of nav.toml.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from manual.pages import assemble

ROOT = Path(__file__).parent.parent


def main(folder: Path) -> int:
    """Write the pages; 1 where the site generator is not content."""
    work = folder.with_name(folder.name + ".work")
    shutil.rmtree(work, ignore_errors=True)
    assemble(ROOT, work)
    site = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    status = subprocess.run([*site, "--config-file", "mkdocs.yml"], cwd=work, check=False).returncode
    if status:
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    (work / "site").rename(folder)
    print(f"{folder / 'index.html'}: {sum(1 for _ in folder.rglob('*.html'))} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
