"""Signal: who is called, when, how often, and what is said when something is wrong."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from godot_enet.compat.deferred import deferred_calls, in_frame, run_deferred
from godot_enet.compat.errors import handling_remote_input
from godot_enet.compat.globals import Error
from godot_enet.compat.signal import ConnectFlags, Freeable, Signal, SignalProperty

Logged = Callable[[], list[str]]

DEFERRED = ConnectFlags.CONNECT_DEFERRED
ONE_SHOT = ConnectFlags.CONNECT_ONE_SHOT
COUNTED = ConnectFlags.CONNECT_REFERENCE_COUNTED


@contextmanager
def frame() -> Iterator[None]:
    """:func:`in_frame` around a block."""
    outer, deferred_calls.depth = deferred_calls.depth, deferred_calls.depth + 1
    try:
        yield
    finally:
        deferred_calls.depth = outer
        in_frame(lambda: None)


class Door:
    opened = SignalProperty[[int]]("angle")
    closed = SignalProperty[[]]()


class Hall:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def hear(self, angle: int) -> None:
        self.heard.append(angle)

    def hear_nothing(self) -> None:
        self.heard.append("nothing")


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def hall() -> Hall:
    return Hall()


class TestDeclaring:
    def test_each_object_has_its_own_and_always_the_same(self, door: Door) -> None:
        other = Door()
        assert door.opened is door.opened
        assert door.opened is not other.opened
        assert [door.opened.get_name(), door.closed.get_name()] == ["opened", "closed"]
        assert door.opened.get_object() is door
        assert door.opened.get_arguments() == ("angle",)
        assert door.closed.get_arguments() == ()
        assert repr(door.opened) == "<Signal opened(angle) of Door>"

    def test_the_class_shows_the_declaration(self) -> None:
        assert isinstance(Door.opened, SignalProperty)
        assert Door.opened.name == "opened"

    def test_it_is_not_assigned_by_mistake(self, door: Door, hall: Hall) -> None:
        with pytest.raises(AttributeError, match=r"use opened\.connect"):
            door.opened = hall.hear  # type: ignore[assignment]

    @pytest.mark.refcounts
    def test_it_does_not_keep_its_object(self) -> None:
        gc.disable()
        try:
            door = Door()
            signal, watched = door.opened, weakref.ref(door)
            del door
            assert watched() is None
            assert signal.get_object() is None
        finally:
            gc.enable()

    def test_one_can_be_made_by_hand(self, hall: Hall) -> None:
        signal: Signal[int] = Signal(hall, "passed", ("angle",))
        signal.connect(hall.hear)
        signal.emit(4)
        assert hall.heard == [4]
        assert signal.get_object() is hall


class TestConnecting:
    def test_what_is_connected_is_called_with_the_arguments(self, door: Door, hall: Hall) -> None:
        assert door.opened.connect(hall.hear) is Error.OK
        assert door.closed.connect(hall.hear_nothing) is Error.OK
        door.opened.emit(90)
        door.closed.emit()
        door.opened.emit(45)
        assert hall.heard == [90, "nothing", 45]

    def test_in_the_order_of_connecting(self, door: Door) -> None:
        heard: list[str] = []
        for name in "abc":
            door.closed.connect(lambda name=name: heard.append(name))  # type: ignore[misc]
        door.closed.emit()
        assert heard == ["a", "b", "c"]

    def test_twice_is_refused(self, door: Door, hall: Hall, logged: Logged) -> None:
        door.opened.connect(hall.hear)
        assert door.opened.connect(hall.hear) is Error.ERR_INVALID_PARAMETER
        assert door.opened.connect(hall.hear, ONE_SHOT) is Error.ERR_INVALID_PARAMETER
        text = "Signal 'opened' is already connected to given callable 'Hall.hear' in that object."
        assert logged() == [text, text]
        door.opened.emit(1)
        door.opened.emit(2)
        assert hall.heard == [1, 2]

    def test_the_same_method_of_another_object_is_another_callable(self, door: Door, hall: Hall) -> None:
        other = Hall()
        assert door.opened.connect(hall.hear) is door.opened.connect(other.hear) is Error.OK
        door.opened.disconnect(hall.hear)
        door.opened.emit(3)
        assert (hall.heard, other.heard) == ([], [3])

    def test_a_callable_is_kept_alive(self, door: Door) -> None:
        hall = Hall()
        heard = hall.heard
        door.opened.connect(hall.hear)
        del hall
        gc.collect()
        door.opened.emit(7)
        assert heard == [7]

    def test_callables_are_the_same_if_they_are_not_just_equal(self, door: Door) -> None:
        heard: list[object] = []

        @dataclass
        class Listener:
            name: str

            def __call__(self, angle: int) -> None:
                heard.append(angle)

        first, second = Listener("a"), Listener("a")
        assert door.opened.connect(first) is door.opened.connect(second) is Error.OK
        assert door.opened.connect(heard.append) is Error.OK
        assert door.opened.is_connected(heard.append)
        other: list[object] = []
        assert not door.opened.is_connected(other.append)
        door.opened.emit(1)
        door.opened.disconnect(first)
        assert door.opened.is_connected(second)
        assert heard == [1, 1, 1]

    def test_disconnecting(self, door: Door, hall: Hall, logged: Logged) -> None:
        door.opened.connect(hall.hear)
        assert door.opened.is_connected(hall.hear)
        assert door.opened.has_connections()
        door.opened.disconnect(hall.hear)
        assert not door.opened.is_connected(hall.hear)
        assert not door.opened.has_connections()
        door.opened.emit(1)
        assert hall.heard == []
        assert logged() == []
        door.opened.disconnect(hall.hear)
        text = "Attempt to disconnect a nonexistent connection from 'Door'."
        assert logged() == [f"{text} Signal: 'opened', callable: 'Hall.hear'."]

    def test_connections_are_listed(self, door: Door, hall: Hall) -> None:
        assert door.opened.get_connections() == []
        door.opened.connect(hall.hear)
        door.opened.connect(print, ONE_SHOT | DEFERRED)
        assert door.opened.get_connections() == [
            {"signal": door.opened, "callable": hall.hear, "flags": ConnectFlags(0)},
            {"signal": door.opened, "callable": print, "flags": ONE_SHOT | DEFERRED},
        ]

    @pytest.mark.parametrize("method", ["connect", "disconnect", "is_connected"])
    def test_only_callables_are_taken(self, door: Door, method: str) -> None:
        for wrong in (None, 5, "hear"):
            with pytest.raises(TypeError, match="callable must be"):
                getattr(door.opened, method)(wrong)
        with pytest.raises(TypeError, match="flags must be an int"):
            door.opened.connect(print, "one shot")  # type: ignore[arg-type]

    def test_godots_numbers(self) -> None:
        assert {flag.name: flag.value for flag in ConnectFlags} == {
            "CONNECT_DEFERRED": 1,
            "CONNECT_PERSIST": 2,
            "CONNECT_ONE_SHOT": 4,
            "CONNECT_REFERENCE_COUNTED": 8,
            "CONNECT_APPEND_SOURCE_OBJECT": 16,
        }
        assert all(getattr(Signal, str(flag.name)) is flag for flag in ConnectFlags)


class TestFlags:
    def test_one_shot_is_called_once(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, ONE_SHOT)
        door.opened.emit(1)
        assert not door.opened.is_connected(hall.hear)
        door.opened.emit(2)
        assert hall.heard == [1]

    def test_one_shot_is_disconnected_before_it_is_called(self, door: Door) -> None:
        heard: list[int] = []

        def again(angle: int) -> None:
            heard.append(angle)
            if angle < 3:
                assert door.opened.connect(again, ONE_SHOT) is Error.OK
                door.opened.emit(angle + 1)

        door.opened.connect(again, ONE_SHOT)
        door.opened.emit(1)
        assert heard == [1, 2, 3]
        assert not door.opened.has_connections()

    def test_counted_is_called_once_and_disconnected_as_often_as_connected(self, door: Door, hall: Hall) -> None:
        assert door.opened.connect(hall.hear, COUNTED) is door.opened.connect(hall.hear, COUNTED) is Error.OK
        door.opened.emit(1)
        door.opened.disconnect(hall.hear)
        door.opened.emit(2)
        door.opened.disconnect(hall.hear)
        door.opened.emit(3)
        assert hall.heard == [1, 2]

    def test_a_plain_connection_does_not_count(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear)
        assert door.opened.connect(hall.hear, COUNTED) is Error.OK
        door.opened.disconnect(hall.hear)
        assert not door.opened.is_connected(hall.hear)

    def test_counted_one_shot_is_called_as_often_as_connected(self, door: Door, hall: Hall) -> None:
        for _ in range(2):
            door.opened.connect(hall.hear, COUNTED | ONE_SHOT)
        for angle in (5, 6, 7):
            door.opened.emit(angle)
        assert hall.heard == [5, 6]

    def test_the_source_is_appended(self, door: Door) -> None:
        heard: list[object] = []
        append: Callable[..., None] = lambda *arguments: heard.append(arguments)  # noqa: E731
        door.opened.connect(append, ConnectFlags.CONNECT_APPEND_SOURCE_OBJECT)
        door.opened.emit(5)
        assert heard == [(5, door)]

    def test_persist_changes_nothing(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, ConnectFlags.CONNECT_PERSIST)
        door.opened.emit(5)
        assert hall.heard == [5]


class Guard(Freeable):
    """A listener that can be freed, and has a signal."""

    alarm = SignalProperty[[int]]("angle")

    def __init__(self, heard: list[object]) -> None:
        self.heard = heard

    def hear(self, angle: int) -> None:
        self.heard.append(angle)

    def hear_both(self, other: object, angle: int) -> None:
        self.heard.append((other, angle))

    def free(self) -> None:
        self._end_connections()


class TestFreed:
    """Connections to what is freed, and of it."""

    @pytest.mark.parametrize("flags", [0, DEFERRED, ONE_SHOT, COUNTED])
    def test_it_is_not_called_and_not_kept(self, door: Door, hall: Hall, flags: int) -> None:
        heard: list[object] = []
        guard, other = Guard(heard), Guard(heard)
        door.opened.connect(guard.hear, flags)
        door.opened.connect(partial(guard.hear_both, 5), flags)
        door.opened.connect(guard.alarm.emit, flags)
        door.opened.connect(other.hear, flags)
        door.opened.connect(hall.hear)
        guard.free()
        door.opened.emit(1)
        run_deferred()
        assert heard == [1]
        assert hall.heard == [1]
        watched = weakref.ref(guard)
        del guard
        gc.collect()
        assert watched() is None

    def test_its_own_signals_call_nothing(self, hall: Hall, door: Door) -> None:
        guard = Guard([])
        guard.alarm.connect(hall.hear)
        alarm = guard.alarm
        guard.free()
        guard.alarm.emit(1)
        assert hall.heard == []
        assert not guard.alarm.has_connections()
        assert alarm.get_object() is None

    def test_its_own_signals_are_connected_to_nothing(self, hall: Hall, logged: Logged) -> None:
        guard = Guard([])
        alarm = guard.alarm
        guard.free()
        assert alarm.connect(hall.hear) is Error.ERR_UNCONFIGURED
        assert logged() == ['Parameter "obj" is null.']
        alarm.emit(1)
        assert hall.heard == []

    def test_it_is_not_connected_any_more(self, door: Door, logged: Logged) -> None:
        guard = Guard([])
        guard.free()
        assert door.opened.connect(guard.hear) is Error.ERR_INVALID_PARAMETER
        assert logged() == ["Cannot connect to 'opened' to callable 'null::hear': the callable object is null."]
        assert not door.opened.has_connections()

    def test_freed_by_one_that_is_called_before(self, door: Door) -> None:
        heard: list[object] = []
        guard = Guard(heard)
        door.opened.connect(lambda _: guard.free())
        door.opened.connect(guard.hear)
        door.opened.emit(1)
        assert heard == []

    def test_freed_between_the_emission_and_the_deferred_call(self, door: Door) -> None:
        heard: list[object] = []
        guard = Guard(heard)
        door.opened.connect(guard.hear, DEFERRED)
        door.opened.emit(1)
        guard.free()
        run_deferred()
        assert heard == []

    def test_functions_stay(self, door: Door) -> None:
        heard: list[object] = []
        guard = Guard(heard)
        door.opened.connect(lambda angle: guard.hear(angle))
        guard.free()
        door.opened.emit(1)
        assert heard == [1]


class TestDeferred:
    def test_at_the_end_of_the_frame_in_order(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, DEFERRED)
        with frame():
            door.opened.emit(1)
            door.opened.emit(2)
            assert hall.heard == []
        assert hall.heard == [1, 2]

    def test_of_the_outermost_frame(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, DEFERRED)
        with frame():
            with frame():
                door.opened.emit(1)
            assert hall.heard == []
        assert hall.heard == [1]

    def test_outside_of_a_frame_the_next_one_counts(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, DEFERRED)
        door.opened.emit(1)
        assert hall.heard == []
        with frame():
            assert hall.heard == []
        assert hall.heard == [1]

    def test_or_a_call_by_hand(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, DEFERRED | ONE_SHOT)
        door.opened.emit(1)
        door.opened.emit(2)
        run_deferred()
        assert hall.heard == [1]

    def test_what_is_deferred_meanwhile_belongs_to_the_same_frame(self, door: Door, hall: Hall) -> None:
        door.closed.connect(lambda: door.opened.emit(8), DEFERRED)
        door.opened.connect(hall.hear, DEFERRED)
        with frame():
            door.closed.emit()
        assert hall.heard == [8]

    def test_it_is_called_even_if_it_was_disconnected_meanwhile(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, DEFERRED)
        with frame():
            door.opened.emit(1)
            door.opened.disconnect(hall.hear)
        assert hall.heard == [1]

    def test_after_an_exception_in_the_frame_too(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, DEFERRED)

        def poll() -> None:
            with frame():
                door.opened.emit(1)
                raise KeyError

        with pytest.raises(KeyError):
            poll()
        assert hall.heard == [1]

    def test_every_thread_has_its_own_frames(self, door: Door, hall: Hall) -> None:
        door.opened.connect(hall.hear, DEFERRED)

        def elsewhere() -> None:
            door.opened.emit(1)
            run_deferred()

        with frame():
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            assert hall.heard == [1]
            door.opened.emit(2)
        assert hall.heard == [1, 2]


class TestWhileEmitting:
    def test_who_connects_hears_the_next_one(self, door: Door, hall: Hall) -> None:
        door.opened.connect(lambda _: None if door.opened.is_connected(hall.hear) else connect())
        connect: Callable[[], object] = lambda: door.opened.connect(hall.hear)  # noqa: E731
        door.opened.emit(1)
        assert hall.heard == []
        door.opened.emit(2)
        assert hall.heard == [2]

    def test_who_is_disconnected_still_hears_this_one(self, door: Door, hall: Hall) -> None:
        door.opened.connect(lambda _: door.opened.disconnect(hall.hear), ONE_SHOT)
        door.opened.connect(hall.hear)
        door.opened.emit(1)
        door.opened.emit(2)
        assert hall.heard == [1]

    def test_an_exception_is_logged_and_the_others_are_called(
        self, door: Door, hall: Hall, logged: Logged, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(angle: int) -> None:
            raise ZeroDivisionError(f"angle {angle}")

        door.opened.connect(broken)
        door.opened.connect(lambda: None)  # type: ignore[misc, arg-type]
        door.opened.connect(hall.hear)
        door.opened.emit(3)
        assert hall.heard == [3]
        assert "ZeroDivisionError: angle 3" in caplog.text
        lines = logged()
        assert [line.partition(" to callable")[0] for line in lines] == ["Error calling from signal 'opened'"] * 2
        assert "broken" in lines[0]

    def test_an_interrupt_is_not_held_back(self, door: Door, hall: Hall) -> None:
        def interrupt(_: int) -> None:
            raise KeyboardInterrupt

        door.opened.connect(interrupt)
        door.opened.connect(hall.hear)
        with pytest.raises(KeyboardInterrupt):
            door.opened.emit(3)
        assert hall.heard == []


@pytest.mark.parametrize("flags", [0, DEFERRED])
def test_exceptions_that_the_network_causes_are_logged_once_in_ten_seconds(
    door: Door, caplog: pytest.LogCaptureFixture, flags: int
) -> None:
    def fails(angle: int) -> None:
        raise ValueError(angle)

    door.opened.connect(fails, flags)
    for _ in range(3):
        with frame():
            door.opened.emit(1)
    assert caplog.text.count("ValueError: 1") == len(caplog.records) == 3, "it may be the program that emits it"
    for _ in range(3):
        with frame(), handling_remote_input:
            door.opened.emit(2)
    assert caplog.text.count("ValueError: 2") == 1
    assert len(caplog.records) == 4
