"""Programs made by Csmith, kept to what the language has: no floating point, locals stay put.

Yang, Chen, Eide, Regehr: Finding and understanding bugs in C compilers, PLDI 2011.
"""

import re
import subprocess
import tempfile
from shutil import which

INSTALLED = which("csmith") is not None

_ALWAYS = (
    "--no-float", "--no-packed-struct", "--no-argc", "--concise", "--no-addr-taken-of-locals",
    "--max-array-dim", "2", "--max-array-len-per-dim", "4", "--max-expr-complexity", "5",
    "--max-struct-fields", "5",
)  # fmt: skip
_SIZES = (("3", "2"), ("5", "3"))
"""Functions, depth of blocks."""
_FEATURES = (
    ("--no-unions", "--no-bitfields", "--no-volatiles"),
    ("--no-bitfields", "--no-volatiles"),
    ("--no-unions", "--no-volatiles"),
    (),
)
_TYPE = r"(?:const |volatile )*(?:u?int\d+_t|struct S\d+|union U\d+)[^=;(\n]*"
_LOCAL_ARRAY = re.compile(rf"^( +)(?={_TYPE}\bl_\d+(?:\[\d+\])+;$)", re.MULTILINE)


def csmith(seed: int) -> str:
    """The program of a seed.

    Local arrays become static: the language refuses a local that is indexed by a variable. Csmith
    sets every element before it reads one, and its functions do not call themselves.
    """
    functions, depth = _SIZES[seed // len(_FEATURES) % len(_SIZES)]
    command = ["csmith", "--seed", str(seed), *_ALWAYS, *_FEATURES[seed % len(_FEATURES)]]
    command += ["--max-funcs", functions, "--max-block-depth", depth]
    with tempfile.TemporaryDirectory() as folder:  # it leaves a file where it runs
        made = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=60, cwd=folder
        )
    return _LOCAL_ARRAY.sub(r"\1static ", made.stdout)
