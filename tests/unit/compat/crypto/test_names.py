"""Distinguished names as Mbed TLS reads them; the cases were tried with a real Godot."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.compat.crypto.names import parse_name
from godot_enet.compat.crypto.problem import Problem
from tests.rows import each_row

CN, O, C = "2.5.4.3", "2.5.4.10", "2.5.4.6"  # noqa: E741 - its name


@each_row(
    ("text", "parts"),
    [
        ("CN=myserver,O=myorganisation,C=IT", [(CN, "myserver"), (O, "myorganisation"), (C, "IT")]),
        ("C=IT,CN=a", [(C, "IT"), (CN, "a")]),
        ("commonName=a,countryName=DE", [(CN, "a"), (C, "DE")]),
        ("CN=a,", [(CN, "a")]),
        ("CN=a,  O=b", [(CN, "a"), (O, "b")]),
        ("CN= a ,O=b", [(CN, " a "), (O, "b")]),
        ("CN=a=b", [(CN, "a=b")]),
        ("CN=a+O=b;c", [(CN, "a+O=b;c")]),
        ('CN="a"', [(CN, '"a"')]),
        ("CN=a\\, b,O=c", [(CN, "a, b"), (O, "c")]),
        ("CN=a\\\\,O=c", [(CN, "a\\"), (O, "c")]),
        ("CN=\\#a\\+\\ ", [(CN, "#a+ ")]),
        ("CN=a\\2Cb", [(CN, "a,b")]),
        ("CN=a\\C3\\A9", [(CN, "aé")]),
        ("CN=é", [(CN, "é")]),
        ("C=IT,CN=a,CN=b", [(C, "IT"), (CN, "b")]),
        ("SN=a,surName=b,GN=c", [("2.5.4.4", "b"), ("2.5.4.42", "c")]),
        ("emailAddress=a@b,DC=example", [("1.2.840.113549.1.9.1", "a@b"), ("0.9.2342.19200300.100.1.25", "example")]),
        ("CN=" + "a" * 64, [(CN, "a" * 64)]),
    ],
)
def test_names(text: str, parts: list[tuple[str, str]]) -> None:
    assert [(part.oid.dotted_string, part.value) for part in parse_name(text)] == parts


@each_row(
    ("text", "reason"),
    [
        ("", "the name must look like CN="),
        ("myserver", "the name must look like CN="),
        (",CN=a", "the name must look like CN="),
        ("CN=a,,O=b", "the name must look like CN="),
        ("CN=a\\", "the name must look like CN="),
        ("XX=a", "the name has an unknown attribute 'XX'"),
        ("cn=a", "the name has an unknown attribute 'cn'"),
        ("CN =a", "the name has an unknown attribute 'CN '"),
        ("CN=", "the CN of the name must have 1 to 255 bytes"),
        ("CN=a\\00b", "the CN of the name must have 1 to 255 bytes"),
        ("CN=" + "é" * 128, "the CN of the name must have 1 to 255 bytes"),
        ("CN=a\\xb", "the CN of the name has an invalid escape sequence"),
        ("CN=a\\C3", "the CN of the name has an invalid escape sequence"),
        ("CN=\ud800", "the CN of the name has an invalid escape sequence"),
        ("CN=#0C0161", "the CN of the name begins with #"),
        ("C=é", "the C of the name contains a character that is not allowed there"),
        ("serialNumber=a_b", "the serialNumber of the name contains a character that is not allowed there"),
        ("DC=é", "the DC of the name contains a character that is not allowed there"),
        ("C=Italy", "the name cannot be used: "),
        ("CN=" + "a" * 65, "the name cannot be used: "),
    ],
)
def test_what_is_no_name(text: str, reason: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_name(text)
    assert str(caught.value).startswith(reason)


@given(st.text(alphabet='CNO=,\\ #"a1\0é\n;', max_size=30))
def test_arbitrary_text(text: str) -> None:
    with contextlib.suppress(Problem):
        assert len(list(parse_name(text))) >= 1


@given(st.text(min_size=1, max_size=15).filter(lambda text: "\0" not in text and text.isprintable()))
def test_every_value_can_be_escaped(value: str) -> None:
    escaped = "".join(f"\\{byte:02X}" for byte in value.encode())
    assert [part.value for part in parse_name(f"CN={escaped}")] == [value]
