"""The command that asks again, as a shell reads it."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from klprove.report.replay import command_lines

word = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"), max_size=200
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(word, min_size=1, max_size=3).map(tuple), min_size=1, max_size=4))
def test_a_shell_reads_the_same_words_back(words: list[tuple[str, ...]]) -> None:
    lines = command_lines(words)
    assert all(len(line) <= 79 and line.isascii() for line in lines)
    text = "\n".join(lines).removeprefix("replay  :")
    shown = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {text}"], capture_output=True, check=True
    ).stdout
    assert shown.decode().split("\0")[:-1] == [each for group in words for each in group]
