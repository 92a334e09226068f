"""Enums print their names and count as numbers, whatever the version of Python."""

from __future__ import annotations

import importlib
import inspect
import json
import pickle
import pkgutil
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from typing import Any

import pytest

import godot_enet
from godot_enet import ConnectFlags, ENetConnection, ENetPacketPeer, Error
from godot_enet.core.protocol.enums import NamedIntEnum, NamedIntFlag
from tests.rows import each_row


def enums() -> Iterator[Any]:
    """Every enum of numbers in the package."""
    for module in pkgutil.walk_packages(godot_enet.__path__, "godot_enet."):
        if module.name.rpartition(".")[2].startswith("_"):
            continue  # a program, or a library that is no module
        loaded = importlib.import_module(module.name)
        owners = [loaded, *(each for each in vars(loaded).values() if inspect.isclass(each))]
        for owner in owners:
            for each in list(vars(owner).values()):
                if not (inspect.isclass(each) and each.__module__.startswith("godot_enet.")):
                    continue  # one of the standard library's
                if issubclass(each, int) and hasattr(each, "__members__"):
                    yield each


ENUMS = sorted({each for each in enums() if each.__members__}, key=repr)


@each_row("cls", ENUMS, ids=lambda cls: cls.__name__)
def test_every_member_says_its_name_and_is_its_number(cls: type[IntEnum]) -> None:
    assert issubclass(cls, (NamedIntEnum, NamedIntFlag))
    for name, member in cls.__members__.items():
        if member.name != name or (issubclass(cls, IntFlag) and not member):
            continue  # another name of the same, or none
        text, number = f"{cls.__name__}.{name}", int(member)
        as_text, as_number = "%s", "%d"
        assert (str(member), f"{member}", f"{member!s}", as_text % member) == (text,) * 4
        assert (repr(member), f"{member:>40}") == (f"<{text}: {number}>", text.rjust(40))
        assert (f"{member:d}", as_number % member, f"{member:5d}", f"{member:+.1f}") == (
            str(number),
            str(number),
            f"{number:5d}",
            f"{number:+.1f}",
        )
        assert json.dumps([member, {member: member}]) == json.dumps([number, {number: number}])
        assert pickle.loads(pickle.dumps(member)) is member
        assert (member + 0, hash(member), member == number) == (number, hash(number), True)


def test_members_print_their_names() -> None:
    assert f"{Error.ERR_BUSY} {Error.OK!r} {Error.ERR_BUSY:d}" == "Error.ERR_BUSY <Error.OK: 0> 44"
    assert str(ENetConnection.EVENT_CONNECT) == "EventType.EVENT_CONNECT"
    assert str(ENetPacketPeer.STATE_ZOMBIE) == "PeerState.STATE_ZOMBIE"


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (ConnectFlags.CONNECT_ONE_SHOT, "ConnectFlags.CONNECT_ONE_SHOT"),
        (ConnectFlags.CONNECT_DEFERRED | ConnectFlags.CONNECT_PERSIST, "ConnectFlags.CONNECT_DEFERRED|CONNECT_PERSIST"),
        (ConnectFlags(0), "ConnectFlags.0"),
        (ConnectFlags(1 | 1 << 20), "ConnectFlags.CONNECT_DEFERRED|1048576"),
    ],
)
def test_sums_of_flags_print_all_their_names(flags: ConnectFlags, text: str) -> None:
    assert (str(flags), f"{flags}", f"{flags:d}") == (text, text, str(int(flags)))
