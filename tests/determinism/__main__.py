"""Commands under several settings, compared byte by byte: `make same`."""

import sys

from tests.determinism.runs import OTHERS, QUICK, ROOT, SLOW, differing


def main() -> int:
    """Run all, print what differs, and say by the exit status whether anything does."""
    wrong = 0
    for command in (*QUICK, *SLOW):
        different = differing(command)
        wrong += bool(different)
        shown = " ".join(command).replace(f"{ROOT}/", "")
        print(f"{'DIFFERENT' if different else 'the same '}  klprove {shown}", flush=True)
        for each in different:
            print(f"           under {each}")
    count = len(QUICK) + len(SLOW)
    print(f"{count} commands under {1 + len(OTHERS)} settings, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
