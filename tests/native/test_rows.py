"""The bits of states in C are those of the Python methods, which define them: the same results, the same errors."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from godot_enet import Quaternion, Vector2, Vector3
from godot_enet.core.native import hot_types
from godot_enet.netcode import Angle, DeltaReceiver, DeltaSender, MessageError, Packer, Range, Rotation
from godot_enet.netcode.columns import codec_of
from godot_enet.netcode.rows import Change, Row, RowCodec, RowMethods
from godot_enet.netcode.schema import Field, fields_of
from tests.rows import each_row

pytestmark = [pytest.mark.native, pytest.mark.skipif(hot_types() is None, reason="this interpreter has no C methods")]

IDS = st.integers(0, 20) | st.integers(0, 2**32 - 1)
AGES = st.integers(0, 63)


def outcome(call: Callable[..., Any], *arguments: Any) -> Any:
    """What comes of a call, so that two can be compared: a value with its types, or an error."""
    try:
        result = call(*arguments)
    except Exception as error:
        return type(error), str(error)
    return result, repr(result)


def pair(*limits: int) -> tuple[RowMethods[Any], RowCodec[Any]]:
    """Both, with columns that have these limits."""
    codecs = [codec_of(Field(f"f{n}", int, Range(0, limit), False)) for n, limit in enumerate(limits)]
    return RowMethods(lambda *values: values, codecs), RowCodec(lambda *values: values, codecs)


LIMITS = st.lists(
    st.integers(1, 20) | st.integers(1, 2**32 - 1) | st.sampled_from([7, 8, 2**31, 2**32 - 1]), min_size=1
)


@st.composite
def messages(draw: st.DrawFn) -> tuple[list[int], dict[int, dict[int, Row]], dict[int, Row], dict[int, int]]:
    """Limits, the history, and the rows of a message with the ages of their bases."""
    limits = draw(LIMITS)
    rows = st.tuples(*[st.integers(0, limit) | st.sampled_from([0, limit]) for limit in limits])
    found: dict[int, Row] = draw(st.dictionaries(IDS, rows, max_size=12))
    ages = {number: draw(AGES) for number in found}
    history: dict[int, dict[int, Row]] = {}
    for number, age in ages.items():
        if age:
            history.setdefault(100 - age, {})[number] = draw(st.just(found[number]) | rows)
    return limits, history, found, ages


@given(messages(), st.binary(max_size=9), st.integers(0, 7), st.data())
def test_messages_are_the_same(message: Any, head: bytes, missing: int, data: st.DataObject) -> None:
    limits, history, found, ages = message
    python, c = pair(*limits)
    length = max(0, 8 * len(head) - missing)
    head = (int.from_bytes(head, "little") & ((1 << length) - 1)).to_bytes(-(-length // 8), "little")
    changes = {}
    for number, row in found.items():
        base = history[100 - ages[number]][number] if ages[number] else c.default
        assert c.encode_change(base, row) == python.encode_change(base, row)
        changes[number] = Change(ages[number], *c.encode_change(base, row))
    written = c.write_changes(head, length, changes)
    assert written == python.write_changes(head, length, changes)
    assert c.read_changes(written, length, 100, history, len(found)) == found
    hostile = bytearray(written)
    for place in data.draw(st.lists(st.integers(0, 8 * len(hostile) - 1), max_size=3)):
        hostile[place // 8] ^= 1 << place % 8
    hostile = hostile[: data.draw(st.integers(0, len(hostile)))] + data.draw(st.binary(max_size=2))
    for limit in (4096, 2):
        arguments = bytes(hostile), length, 100, history, limit
        assert outcome(c.read_changes, *arguments) == outcome(python.read_changes, *arguments)


@given(LIMITS, st.binary(max_size=200), st.integers(0, 300))
@example([2**32 - 1], b"\x01" + b"\xff" * 30, 0)  # an id without an end
@example([7], b"\x10\x00\x00", 0)
@example([1], b"\0" * 9000, 3)
def test_any_bytes_are_read_or_refused_in_the_same_words(limits: list[int], data: bytes, at: int) -> None:
    python, c = pair(*limits)
    history = {9: dict.fromkeys(range(9), c.default), 3: dict.fromkeys(range(0, 40, 2), tuple(limits))}
    arguments = data, at, 10, history, 50
    assert outcome(c.read_changes, *arguments) == outcome(python.read_changes, *arguments)


CORPUS = sorted((Path(__file__).parent.parent / "fuzz" / "corpus_rows").iterdir())


@each_row("file", CORPUS, ids=lambda file: file.name)
def test_corpus(file: Path) -> None:
    """The program in C takes the columns from the first bytes: here they are any."""
    for limits in ([1], [1000, 1000], [7, 8, 2**32 - 1]):
        python, c = pair(*limits)
        for at in (0, 40, 80):
            arguments = file.read_bytes(), at, 10, dict[int, Any](), 4096
            assert outcome(c.read_changes, *arguments) == outcome(python.read_changes, *arguments)


WHOLE = pair(100, 7, 2**32 - 1)[1].write_changes(b"", 0, {5: Change(1, 0, 2 + 1 + 2)})


@each_row(
    "name, arguments",
    [
        ("encode_change", ((1, 2, 3), (1, 2))),
        ("encode_change", ((1, 2), (1, 2))),
        ("encode_change", ([1, 2, 3], [3, 2, 1])),
        ("encode_change", ((1, 2, 3), (-1, 2, 3))),
        ("encode_change", ((1, 2, 3), (101, 2, 3))),
        ("encode_change", ((1, 2, 3), (1, 2, 2**64 + 3))),
        ("encode_change", ((1, 2, 3), (True, 2, 3))),
        ("encode_change", ((1, 2, 3), (1.0, 2, 3))),
        ("encode_change", ((1, 2, 3),)),
        ("encode_change", (None, None)),
        ("write_changes", (b"", 0, {1: Change(64, 0, 5)})),
        ("write_changes", (b"", 0, {1: Change(2, 2**200 + 1, 201), 0: Change(2, 5, 5)})),
        ("write_changes", (b"", 0, {1: (2, 0, 5)})),
        ("write_changes", (b"", 0, {1: None})),
        ("write_changes", (b"", 0, {2**32: Change(1, 0, 5), 2**70: Change(1, 0, 5)})),
        ("write_changes", (b"", 0, {"a": Change(1, 0, 5)})),
        ("write_changes", (b"abc", 2, {})),
        ("write_changes", (bytearray(b"a"), 8, {})),
        ("write_changes", (b"a", 8, 5)),
        ("write_changes", ()),
        ("read_changes", (bytearray(WHOLE), 0, 10, {9: {5: (1, 2, 3)}}, 5)),
        ("read_changes", (WHOLE, 0, 10**30, {10**30 - 1: {5: (1, 2, 3)}}, 5)),
        ("read_changes", (WHOLE, 0, -(2**63), {2**63 - 1: {5: (1, 2, 3)}}, 5)),
        ("read_changes", (WHOLE, 0, -3, {-4: {5: (1, 2, 3)}}, 5)),
        ("read_changes", (WHOLE, 0, 10, {9: {5: (1, 2)}}, 5)),
        ("read_changes", (WHOLE, 0, 10, {9: {5: (1, -2, 3)}}, 5)),
        ("read_changes", (WHOLE, 0, 10, {9: {5: (1, 2, "3")}}, 5)),
        ("read_changes", (WHOLE, 0, 10, {9: {5: [1, 2, 3]}}, 5)),
        ("read_changes", (WHOLE, 0, 10, {9: None}, 5)),
        ("read_changes", (WHOLE, 0, 10, {}, 10**30)),
        ("read_changes", (WHOLE, 10**6, 10, {}, 5)),
        ("read_changes", (WHOLE, 0, 10, None, 5)),
        ("read_changes", (WHOLE, 0, 10)),
        ("restore_all", ({1: (1, 2, 3), 2: (1, 2)},)),
        ("restore_all", ({1: None},)),
        ("restore_all", ({1: [1, 2, 3]},)),
        ("restore_all", ({1: ("a", 2, 3)},)),
        ("restore_all", (None,)),
    ],
)
def test_whatever_is_given_both_do_the_same(name: str, arguments: tuple[Any, ...]) -> None:
    python, c = pair(100, 7, 2**32 - 1)
    found, wanted = (outcome(getattr(each, name), *arguments) for each in (c, python))
    if wanted[0] is TypeError:
        assert found[0] is TypeError  # C's own wording where a number of arguments is wrong
    else:
        assert found == wanted


class Team(Enum):
    RED = "r"
    BLUE = "b"


@dataclass(frozen=True)
class Everything:
    place: Annotated[Vector2, Range(-100, 100, 1 / 8)]
    whole: Annotated[Vector3, Range(0, 9)]
    turned: Annotated[Quaternion, Rotation(9)]
    facing: Annotated[float, Angle(8)]
    speed: float
    shield: Annotated[int, Range(-7, 90)]
    coarse: Annotated[int, Range(0, 90, 2.5)]
    rounded: Annotated[float, Range(0, 9)]
    huge: Annotated[int, Range(10**15, 10**15 + 5)]
    team: Team
    alive: bool


@given(st.tuples(*[st.integers(0, limit) for each in fields_of(Everything) for limit in codec_of(each).limits]))
def test_states_are_the_same_down_to_their_types(row: Row) -> None:
    packer = Packer(Everything)
    python: RowMethods[Any] = RowMethods(Everything, [codec_of(each) for each in fields_of(Everything)])
    found, wanted = (outcome(rows.restore_all, {4: row, 2: row}) for rows in (packer.rows, python))
    assert found == wanted


def test_an_exception_of_the_program_goes_through() -> None:
    @dataclass(frozen=True)
    class Even:
        x: Annotated[int, Range(0, 9)]

        def __post_init__(self) -> None:
            made.append(self.x)
            if self.x % 2:
                raise KeyError(self.x)

    made: list[int] = []
    with pytest.raises(KeyError, match="3"):
        Packer(Even).rows.restore_all({0: (2,), 1: (3,), 2: (4,)})
    assert made == [2, 3]


def test_a_program_may_change_the_rows_meanwhile() -> None:
    @dataclass(frozen=True)
    class Tidy:
        x: Annotated[int, Range(0, 9)]

        def __post_init__(self) -> None:
            rows.clear()
            gc.collect()

    rows: dict[int, Row] = {number: (number,) for number in range(9)}
    assert Packer(Tidy).rows.restore_all(rows) == {0: Tidy(0)}


def test_a_key_may_empty_the_history_meanwhile() -> None:
    class Canary:
        pass

    class Untidy:
        def __hash__(self) -> int:
            return 5

        def __eq__(self, other: object) -> bool:
            history.clear()
            alive.append(canary() is not None)
            return False

    alive: list[bool] = []
    rows: dict[Any, Any] = {Untidy(): None, "canary": Canary()}
    canary = weakref.ref(rows["canary"])
    history: dict[int, dict[Any, Any]] = {9: rows}
    del rows
    with pytest.raises(MessageError, match="never arrived"):
        pair(100, 7, 2**32 - 1)[1].read_changes(WHOLE, 0, 10, history, 5)
    assert alive == [True]


@pytest.mark.parametrize("lost", [0, 3])
def test_both_ends_are_the_same_with_and_without_c(lost: int) -> None:
    @dataclass(frozen=True)
    class Ball:
        x: Annotated[float, Range(0, 5000, 1 / 4)]
        y: Annotated[float, Range(0, 5000, 1 / 4)]

    plain = Packer(Ball)
    plain.rows = RowMethods(Ball, [codec_of(each) for each in fields_of(Ball)])  # type: ignore[assignment]
    ends = [(DeltaSender[str, Ball](packer), DeltaReceiver(packer)) for packer in (Packer(Ball), plain)]
    for tick in range(200):
        world = {n: Ball(tick * n % 5000, 3 * n) for n in range(40) if (tick + n) % 50}
        found = []
        for sender, receiver in ends:
            sender.update(tick, world)
            message = sender.message("client", budget=90)
            update = receiver.receive(message.data) if not lost or tick % lost else None
            if tick % 5:
                sender.acknowledge("client", receiver.ack())
            found.append((message, update, receiver.states))
        assert found[0] == found[1]


def test_what_is_no_schema_is_refused() -> None:
    hot = hot_types()
    assert hot is not None
    for arguments in (
        ((1, -1), int, ((2, int, None, None, None),)),
        ((1, 2**32), int, ((2, int, None, None, None),)),
        ((1, 1), int, ((1, int, None, None, None),)),
        ((1, 1), int, ((3, int, None, None, None),)),
        ((1, 1), int, ((2, int, None),)),
        ((1, 1), int, (5,)),
        ([1], int, ()),
        (),
    ):
        with pytest.raises((TypeError, SystemError)):
            hot.rows()._native(*arguments)
    with pytest.raises(TypeError):
        pair(1)[1]._native((1,), int, ((1, int, None, None, None),))


@pytest.mark.refcounts
def test_references_are_counted() -> None:
    _, c = pair(100, 7, 2**32 - 1)
    base, row = (1, 2, 12345678), (1, 2, 87654321)
    history = {9: {5: base}}
    change = Change(1, *c.encode_change(base, row))
    held = [base, base[2], row, row[2], history, change, change.bits, c.default]
    before = [sys.getrefcount(each) for each in held]
    for _ in range(50):
        c.encode_change(base, row)
        data = c.write_changes(b"", 0, {5: change})
        assert c.read_changes(data, 0, 10, history, 5) == {5: row}
        assert c.restore_all({1: base}) == {1: base}
        for wrong in (data[:-1], data + b"\1"):
            with pytest.raises(MessageError):
                c.read_changes(wrong, 0, 10, history, 5)
        with pytest.raises(MessageError, match="never arrived"):
            c.read_changes(data, 0, 11, history, 5)
    assert [sys.getrefcount(each) for each in held] == before


@pytest.mark.refcounts
def test_a_packer_that_its_schema_refers_to_goes() -> None:
    @dataclass(frozen=True)
    class RefersBack:
        x: Annotated[Vector2, Range(0, 9)]

    packer = RefersBack.packer = Packer(RefersBack)  # type: ignore[attr-defined]
    packer.rows.restore_all({1: (1, 2)})
    del RefersBack, packer
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, RowCodec) and each._make.__name__ == "RefersBack"]
