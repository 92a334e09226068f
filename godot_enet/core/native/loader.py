"""Finds and loads the compiled helper, once. Without it everything works, only slower.

The library ``_gde`` lies beside this module. It is checked before use: the fingerprint of the sources that it was built
from, the layout of its structs, every symbol. It has the methods of the calls made per message, too, for every CPython
that has the stable ABI; elsewhere the rest of it works without them. The environment variable
``GODOT_ENET_NATIVE_LIBRARY`` names another folder to look in, for builds with sanitizers and the like.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from godot_enet.core.interface import Address
from godot_enet.core.native.generated import FINGERPRINT, FUNCTIONS
from godot_enet.core.native.structs import STRUCTS, address_from, layout
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType

__all__ = [
    "HotTypes",
    "NativeUnavailable",
    "hot_types",
    "library",
    "load_library",
    "remedy",
    "why_no_hot_types",
    "why_unavailable",
]

_STEM = "_gde"
_ELSEWHERE = "GODOT_ENET_NATIVE_LIBRARY"

_NUMBERS = {
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
}


def _type(text: str) -> Any:
    """The ctypes type of a type in C. Bytes are ``bytes`` or a buffer; opaque types are addresses."""
    name, _, stars = text.partition(" ")
    if name in ("void", "uint8_t"):
        return ctypes.c_char_p if stars else None
    kind: Any = _NUMBERS.get(name) or STRUCTS.get(name)
    if kind is None:
        kind, stars = ctypes.c_void_p, stars[1:]
    return ctypes.POINTER(kind) if stars else kind


class NativeUnavailable(RuntimeError):
    """The native engine was requested and is not available; the message gives the reason."""


class OtherCopy(NativeUnavailable):
    """The package was imported a second time in this process, and the first copy has the C methods."""


class HotTypes(NamedTuple):
    """The C classes of ``src/hot.h``.

    ``NativeHost``, ``ENetPacketPeer``, ``ENetConnection``, ``AsyncHost`` and ``RowCodec`` inherit them.
    """

    host: type
    peer: type
    connection: type
    async_host: type
    rows: type
    set_results: Callable[[tuple[object, ...]], None]
    document: Callable[[type, bytes, bytes], None]


def load_library(path: str) -> ctypes.CDLL:
    """Load, check and declare the functions of the library at a path.

    Raises:
        NativeUnavailable: it cannot be loaded, or is not what this version of the package needs.
    """
    try:
        loaded = ctypes.CDLL(path)
    except OSError as error:
        raise NativeUnavailable(f"{path} cannot be loaded: {error}") from error
    try:
        loaded.gde_fingerprint.restype = ctypes.c_uint64
        if loaded.gde_fingerprint() != FINGERPRINT:
            raise NativeUnavailable(f"{path} was built from different sources than this package")
        for name, text in FUNCTIONS.items():
            result, _, arguments = text[:-1].partition("(")
            function = getattr(loaded, name)
            function.restype, function.argtypes = _type(result), [_type(one) for one in arguments.split(", ") if one]
    except AttributeError as error:
        raise NativeUnavailable(f"{path} lacks a function: {error}") from error
    _compare_layouts(loaded, path)
    return loaded


def _compare_layouts(loaded: ctypes.CDLL, path: str) -> None:
    """The sources are the same, but the library's compiler may have laid a struct out in its own way."""
    wanted = {name: layout(record) for name, record in STRUCTS.items()}
    total = sum(map(len, wanted.values()))
    numbers = (ctypes.c_uint32 * total)()
    if loaded.gde_layout(numbers, total) != total:
        raise NativeUnavailable(f"{path} has different structs than this package")
    found = iter(numbers)
    for name, places in wanted.items():
        if [next(found) for _ in places] != places:
            raise NativeUnavailable(f"{path} has a different layout of {name}")


def _folder() -> str:
    """The path of the library."""
    return os.environ.get(_ELSEWHERE) or os.path.dirname(os.path.abspath(__file__))


def _checkout() -> str | None:
    """The checkout that this file is part of; None for an installed package."""
    top = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
    return top if os.path.isfile(os.path.join(top, "CMakeLists.txt")) else None


def _in_archive() -> bool:
    """Whether this file is in an archive, as in a zipapp: its path leads through a file."""
    path = os.path.abspath(__file__)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path != os.path.abspath(__file__) and os.path.isfile(path)


def _load() -> ctypes.CDLL:
    folder = _folder()
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.split(".")[0] == _STEM and name.endswith((".so", ".dylib", ".dll", ".pyd")):
            return load_library(os.path.join(folder, name))
    if os.environ.get(_ELSEWHERE):
        raise NativeUnavailable(f"{_ELSEWHERE}={folder} has no library {_STEM}")
    if _in_archive():
        raise NativeUnavailable("a library cannot be loaded from inside an archive")
    raise NativeUnavailable("this checkout has no built library" if _checkout() else "it was not built")


def _refuse_foreign_objects() -> None:
    """The C methods read the head of an object, which is part of CPython's stable ABI, and only of that."""
    if sys.implementation.name != "cpython":
        raise NativeUnavailable(f"{sys.implementation.name} does not have CPython's stable ABI")
    if "t" in getattr(sys, "abiflags", "") or "free-threading" in sys.version:
        raise NativeUnavailable("a free-threaded CPython has a different object layout")
    if object.__basicsize__ != 2 * ctypes.sizeof(ctypes.c_void_p):
        raise NativeUnavailable("this build of CPython has a different object layout")


def _is_main_interpreter() -> bool:
    current = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    number = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(("PyInterpreterState_GetID", ctypes.pythonapi))
    return bool(number(current()) == 0)


def _load_hot(loaded: ctypes.CDLL) -> HotTypes:
    """The C classes. The library is not linked with Python: it receives the addresses of Python's functions."""
    _refuse_foreign_objects()
    hot = ctypes.PyDLL(loaded._name, handle=loaded._handle)
    try:
        if not _is_main_interpreter():  # the others have objects and, from Python 3.12 on, locks of their own
            raise NativeUnavailable("this is a subinterpreter")
        hot.gde_hot_function.restype, hot.gde_hot_function.argtypes = ctypes.c_char_p, [ctypes.c_uint32]
        hot.gde_hot_types.restype, hot.gde_hot_types.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object]
        hot.gde_hot_results.restype, hot.gde_hot_results.argtypes = ctypes.py_object, [ctypes.py_object]
        document = hot.gde_hot_document
        document.restype, document.argtypes = None, [ctypes.py_object, ctypes.c_char_p, ctypes.c_char_p]
        addresses: list[int] = []
        while name := hot.gde_hot_function(len(addresses)):
            addresses.append(ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, name.decode())))
    except (AttributeError, ValueError) as error:
        raise NativeUnavailable(f"a function is missing: {error}") from error
    builtins = (None, type, int, bytes, tuple, list, dict, super, TypeError, ValueError, OSError, StopIteration)
    events = (Event, Address, EventType.RECEIVE, DisconnectReason.NONE, address_from)
    has_hash = tuple.__basicsize__ > 3 * ctypes.sizeof(ctypes.c_void_p)
    try:
        types = hot.gde_hot_types((ctypes.c_void_p * len(addresses))(*addresses), (*builtins, *events, has_hash))
    except TypeError as error:
        raise OtherCopy(str(error)) from error
    if types is None:
        raise NativeUnavailable("this build of CPython has a different object layout")
    host, peer, connection, async_host, rows = types
    return HotTypes(host, peer, connection, async_host, rows, hot.gde_hot_results, hot.gde_hot_document)


_library: ctypes.CDLL | None = None
_hot: HotTypes | None = None
_why_unavailable = _why_no_hot = ""
_is_other_copy = False
try:
    _library = _load()
except NativeUnavailable as _error:
    _why_unavailable = _why_no_hot = str(_error)
else:
    try:
        _hot = _load_hot(_library)
    except NativeUnavailable as _error:
        _why_no_hot, _is_other_copy = str(_error), isinstance(_error, OtherCopy)


def library() -> ctypes.CDLL:
    """The helper.

    Raises:
        NativeUnavailable: there is none.
    """
    if _library is None:
        raise NativeUnavailable(f"the native engine is not available: {_why_unavailable}. {remedy()}")
    return _library


def hot_types() -> HotTypes | None:
    """The C classes of per-message calls; None if this interpreter cannot use them."""
    return _hot


def why_unavailable() -> str:
    """Why the library is not available; empty if it is."""
    return _why_unavailable


def why_no_hot_types() -> str:
    """Why the C classes are not available; empty if they are."""
    return _why_no_hot


def remedy() -> str:
    """A sentence on what to do if the library or its C classes are not available; else empty."""
    if not _why_no_hot:
        return ""
    if _is_other_copy:
        return "Only the copy that a process imports first has them."
    if not _why_unavailable:
        return "The main interpreter of an ordinary CPython has them."
    if os.environ.get(_ELSEWHERE):
        return f"Correct or unset {_ELSEWHERE}."
    if _in_archive():
        return "shiv makes archives that unpack themselves first."
    checkout = _checkout()
    if checkout:
        return f"With a C compiler, run `pip install -e .` in {checkout}."
    return "Install a C compiler, then godot_enet again; with GODOT_ENET_REQUIRE_NATIVE=1 pip shows what fails."
