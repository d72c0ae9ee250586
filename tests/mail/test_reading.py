"""Mails into lines that know their place, and lines into pieces of C."""

import base64
import quopri

import pytest

from klprove.mail import FUNCTIONS, choose, find, read
from klprove.mail.snippets import DIFF, STATEMENTS, functions
from klprove.source import BadInput
from tests.mail.letters import PATCH, PROSE, WHOLE, mail

CODE = "if (x)\n\tf();\nelse\n\tg();\n"


def kinds(data: bytes) -> list[tuple[str, str]]:
    """Kind and place of each piece of C in a mail."""
    return [(each.kind, each.where) for each in find(read(data, "m"))]


def texts(data: bytes) -> list[list[str]]:
    """The lines of each piece."""
    return [[line.text for line in each.lines] for each in find(read(data, "m"))]


def test_prose_is_no_c_and_quoted_c_is_told_apart() -> None:
    assert kinds(PROSE.encode()) == [
        (STATEMENTS, "lines 9-12, quoted twice"),
        (STATEMENTS, "lines 21-29"),
    ]
    assert choose(find(read(PROSE.encode(), "m")), None, "m").number == 2
    assert choose(find(read(PROSE.encode(), "m")), 1, "m").first == "if (in_nmi())"


@pytest.mark.parametrize(
    "prose",
    [
        "I looked at it (twice); it is fine.",
        "if (and only if) this holds, we do nothing",
        "The function klp_ftrace_handler() calls rcu_read_lock();",
        "that is x = 1; or not",
        "# a heading",
        "exactly this;",
        "* an item\n* another; one",
        "int x;",
        "/* a comment alone */",
        "--- a line\n+++ another",
        "> > >\n> >",
        "Thanks,\nSomebody;",
        "f(" + "x" * 200 + ");",
    ],
)
def test_prose(prose: str) -> None:
    assert kinds(mail(f"Hello,\n\n{prose}\n\nBye\n")) == []


@pytest.mark.parametrize(
    "code",
    [
        "rcu_read_lock();",
        "x->y[2] |= 1;\n\tz++;",
        "for (i = 0; i < 2; i++)\n\tf(i);",
        "if (a &&\n    b) {\n\tgoto out;\n}",
        "do {\n\tf();\n} while (x);",
        "struct klp_func *func;\n\nfunc = first(a,\n\t     b);\nout:\nf();",
        "/* why\n * it is so; really\n */\nf();",
        "bool nmi = in_nmi();",
        "#ifdef X\nf();\n#endif",
        "f();\n...\ng();",
    ],
)
def test_statements(code: str) -> None:
    assert texts(mail(f"So this:\n\n{code}\n\nwould do.\n")) == [code.split("\n")]


def test_functions_are_told_from_statements() -> None:
    text = "static void f(int x)\n{\n\tif (unlikely(!x)) {\n\t\tg();\n\t}\n}\n"
    ((kind, where),) = kinds(mail("This:\n\n" + text))
    assert (kind, where) == (FUNCTIONS, "lines 6-11")
    message = read(mail(text), "m")[0]
    assert functions(message.lines) == ("f",)


def test_a_patch_is_one_piece_to_its_end() -> None:
    assert kinds(mail(PATCH)) == [(DIFF, "lines 8-28")]
    quoted = "".join(f"> {line}\n" for line in PATCH.splitlines())
    assert kinds(mail(quoted)) == [(DIFF, "lines 8-28, quoted once")]
    assert kinds(mail(WHOLE + "\nf();\n")) == [(DIFF, "lines 4-20"), (STATEMENTS, "line 22")]


def test_several_are_asked_for() -> None:
    found = find(read(mail("One:\n\nf();\n\nTwo:\n\ng();\n"), "m"))
    with pytest.raises(BadInput) as refused:
        choose(found, None, "m")
    assert "2 pieces of C, which one?" in str(refused.value)
    assert "m:6:1: note: 1: statements, line 6: f();" in str(refused.value)
    assert "--snippet 1, or 2" in str(refused.value)
    with pytest.raises(BadInput, match="there is no snippet 3, only 2"):
        choose(found, 3, "m")
    with pytest.raises(BadInput, match="no C in this mail"):
        choose((), None, "m")


def test_quoting_takes_one_blank_a_level() -> None:
    data = mail("> \tif (x)\n> \t\tf();\n>> g();\n> >h();\n")
    found = find(read(data, "m"))
    assert [line.text for line in found[0].lines] == ["\tif (x)", "\t\tf();"]
    assert [(line.text, line.span.column) for line in found[1].lines] == [("g();", 4), ("h();", 4)]


def test_flowed_text_is_joined() -> None:
    body = "> f(a, \n> b);\n>> g();\n\n h(a,  \nb);\n-- \nme\n"
    data = mail(body, "Content-Type: text/plain; format=flowed")
    assert texts(data) == [["f(a, b);"], ["g();"], ["h(a,  b);"]]
    assert kinds(data)[0][1] == "line 5, quoted once"
    data = mail("f(a, \nb);\n", "Content-Type: text/plain; format=flowed; delsp=yes")
    assert texts(data) == [["f(a,b);"]]
    data = mail("f(a, \n> b(c);\n", "Content-Type: text/plain; format=flowed")
    assert texts(data) == [["b(c);"]]
    assert texts(mail("f(a, \nb);\n", "Content-Type: text/plain")) == [["f(a, ", "b);"]]


def test_encodings() -> None:
    text = CODE + "/* \xe9 " + "long " * 20 + "*/\nh();\n"
    printable = quopri.encodestring(text.encode()).decode()
    data = mail("Hello=20=\n\n" + printable, "Content-Transfer-Encoding: quoted-printable")
    found = find(read(data, "m"))
    assert [line.text for line in found[0].lines] == text.split("\n")[:-1]
    assert [line.span.line for line in found[0].lines] == [7, 8, 9, 10, 11, 13]
    coded = base64.encodebytes(text.encode("latin-1")).decode()
    kind = "Content-Type: text/plain; charset=latin-1"
    data = mail(coded, kind, "Content-Transfer-Encoding: base64")
    assert texts(data) == [text.split("\n")[:-1]]
    assert find(read(data, "m"))[0].rows == "line 6"


def test_parts() -> None:
    kind = 'Content-Type: multipart/mixed; boundary="B"'
    html = "--B\nContent-Type: text/html\n\n<p>x();</p>\n"
    plain = "--B\nContent-Type: text/plain\n\nf();\n"
    patch = (
        "--B\nContent-Type: application/octet-stream\n"
        f'Content-Disposition: attachment; filename="a.patch"\n\n{WHOLE}'
    )
    other = "--B\nContent-Type: application/octet-stream\n\ng();\n"
    data = mail(html + plain + other + patch + "--B--\n", kind)
    assert kinds(data) == [(STATEMENTS, "line 12"), (DIFF, "lines 21-37")]
    with pytest.raises(BadInput, match="HTML only"):
        read(mail(html + "--B--\n", kind), "m")


def test_parts_with_the_same_text() -> None:
    kind = 'Content-Type: multipart/mixed; boundary="B"'
    plain = "--B\nContent-Type: text/plain\n\nf();\n"
    data = mail(plain + plain + "--B--\n", kind)
    assert [line.span.line for line in read(data, "m")[0].lines if line.text] == [8, 12]


def test_a_folder_of_mails() -> None:
    begin = b"From someone Mon May  8 17:16:12 2017\n"
    data = begin + mail("f();\n\n") + begin + mail("From here on:\n\ng();\n")
    messages = read(data, "m")
    assert [each.subject for each in messages] == ["one", "one"]
    assert kinds(data) == [(STATEMENTS, "line 5"), (STATEMENTS, "line 13")]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "the mail is empty"),
        (b"\n \n", "the mail is empty"),
        (b"From: a\n\n\0", "m:3:1: error: a NUL byte"),
        (b"x" * 4_000_001, "more than 4,000,000 bytes"),
        (mail("", "Content-Type: image/png"), "the mail has no text"),
        (mail("<p>f();</p>", "Content-Type: text/html"), "HTML only"),
    ],
)
def test_what_is_no_mail(data: bytes, complaint: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(data, "m")
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain; charset=klingon",
        "Content-Type: text/plain; charset=hex",
        "Content-Type: text/plain; charset*=a'b'c",
        "Content-Type: multipart/mixed; boundary=never",
        "Content-Type: ;;;",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: uuencode",
        "Subject: =?klingon?q?x?=",
        "Subject: =?utf-8?b?x?=",
    ],
)
def test_a_broken_head_hides_no_c(header: str) -> None:
    assert texts(mail("f(a);\n", header)) == [["f(a);"]]
