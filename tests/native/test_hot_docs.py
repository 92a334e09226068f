"""``help()`` of a method in C says what it says of the Python method: the same signature, the same docstring."""

from __future__ import annotations

import inspect
import pydoc

import pytest

from godot_enet.compat.enet_connection import ConnectionMethods, ENetConnection
from godot_enet.compat.enet_packet_peer import ENetPacketPeer, PeerMethods
from godot_enet.core.native import NativeHost, hot_types
from godot_enet.core.native.host import CtypesHost
from tests.rows import each_row

pytestmark = [pytest.mark.native, pytest.mark.skipif(hot_types() is None, reason="this interpreter has no C methods")]


def rows() -> list[tuple[type, type, str]]:
    """The public methods in C: the class that inherits them, the one with the Python methods, the name."""
    hot = hot_types()
    if hot is None:
        return []
    pairs = [
        (hot.peer, ENetPacketPeer, PeerMethods),
        (hot.connection, ENetConnection, ConnectionMethods),
        (hot.host, NativeHost, CtypesHost),
    ]
    return [
        (public, python, name)
        for base, public, python in pairs
        for name, member in vars(base).items()
        if inspect.ismethoddescriptor(member) and not name.startswith("_")
    ]


def test_the_methods_that_every_program_calls_are_among_them() -> None:
    names = {(public.__name__, name) for public, _, name in rows()}
    assert {("ENetPacketPeer", "send"), ("ENetPacketPeer", "get_packet"), ("ENetConnection", "service")} <= names


@each_row("public, python, name", rows())
def test_a_method_in_c_documents_itself_like_the_python_one(public: type, python: type, name: str) -> None:
    found, expected = getattr(public, name), getattr(python, name)
    assert not inspect.isfunction(found)
    documented = [vars(each)[name].__doc__ for each in python.__mro__ if name in vars(each)]
    docstring = inspect.cleandoc(next(filter(None, documented)))
    assert inspect.getdoc(found) == docstring
    _, *wanted = inspect.signature(expected).parameters.values()
    self, *parameters = inspect.signature(found).parameters.values()
    assert self.name == "self"
    assert parameters == [each.replace(annotation=each.empty) for each in wanted]
    assert docstring.splitlines()[0] in pydoc.plain(pydoc.render_doc(found))
