# SPDX-License-Identifier: GPL-2.0-or-later
"""`klprove`, and `python -m klprove`."""

import os


def main() -> None:
    """Run the command of this process and exit. Ctrl-C is told in one line from here on, also while
    the rest is loaded."""
    try:
        from klprove.source.interrupts import keep_interrupts

        keep_interrupts()
        from klprove.cli import main as begin

        begin()
    except KeyboardInterrupt:
        os.write(2, b"klprove: interrupted: there is no answer\n")
        os._exit(3)


if __name__ == "__main__":
    main()
