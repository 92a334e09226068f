"""Finds and loads the compiled helper, once. Without it everything works, only slower.

The library ``_gde`` lies beside this module. It is checked before use: ABI version, struct sizes, every symbol. It has
the methods of the calls made per message, too, for every CPython that has the stable ABI; elsewhere the rest of it
works without them. The environment variable ``GODOT_ENET_NATIVE_LIBRARY`` names another folder to look in, for builds
with sanitizers and the like.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from godot_enet.core.native.records import RECORDS, CAddress, CConfig, CDropReport, CEvent, CPeerInfo

__all__ = [
    "ABI_VERSION",
    "HotTypes",
    "NativeUnavailable",
    "hot_types",
    "library",
    "load_library",
    "remedy",
    "why_no_hot_types",
    "why_unavailable",
]

ABI_VERSION = 11
_STEM = "_gde"
_ELSEWHERE = "GODOT_ENET_NATIVE_LIBRARY"

_V, _I32, _I64, _U32, _U64 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_uint32, ctypes.c_uint64
_D = ctypes.c_char_p
_A, _E = ctypes.POINTER(CAddress), ctypes.POINTER(CEvent)
_C, _N, _R = ctypes.POINTER(CConfig), ctypes.POINTER(CPeerInfo), ctypes.POINTER(CDropReport)
_P64 = ctypes.POINTER(_U64)

_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "gde_blake2s": (None, [_D, _U32, _D, _U32, _D, _U32]),
    "gde_engine_create": (_V, [_C]),
    "gde_engine_destroy": (None, [_V]),
    "gde_may_connect": (_I32, [_V, _A, _U32, _I64]),
    "gde_begin_pass": (None, [_V]),
    "gde_poll_backlog": (_U32, [_V, _V, _A]),
    "gde_expansion_limit": (_U32, [_V, _D, _U32, _A]),
    "gde_receive": (None, [_V, _D, _U32, _A, _I64]),
    "gde_receive_expanded": (None, [_V, _D, _U32, _U32, _A, _I64]),
    "gde_handle_timeout": (None, [_V, _I64]),
    "gde_connect": (_I64, [_V, _A, _U32, _U32, _U32]),
    "gde_disconnect": (_I32, [_V, _U64, _U32, _U32, _I64]),
    "gde_send": (_I32, [_V, _U64, _U32, _D, _U64, _U32]),
    "gde_broadcast": (_I32, [_V, _U32, _D, _U64, _U32]),
    "gde_set_untaken": (None, [_V, _U64, _U32, _U64]),
    "gde_ping": (_I32, [_V, _U64]),
    "gde_configure": (_I32, [_V, _U64, _U32, _U32, _U32, _U32]),
    "gde_bandwidth_limit": (None, [_V, _U32, _U32]),
    "gde_set_channel_limit": (None, [_V, _U32]),
    "gde_set_compressor": (_I32, [_V, _U32]),
    "gde_poll_transmit": (_I32, [_V, _I64, _U32, _D, _A]),
    "gde_poll_answers": (_I32, [_V, _D, _A]),
    "gde_afford": (_I32, [_V, _U32, _I64]),
    "gde_poll_event": (_I32, [_V, _E]),
    "gde_poll_timeout": (_I32, [_V, ctypes.POINTER(_I64)]),
    "gde_poll_drops": (_I32, [_V, _R, _I32]),
    "gde_peers": (_I32, [_V, _P64, _I32]),
    "gde_get_peer_info": (_I32, [_V, _U64, _N]),
    "gde_peer_state": (_I32, [_V, _U64]),
    "gde_peer_statistic": (_I64, [_V, _U64, _U32]),
    "gde_channel_limit": (_U32, [_V]),
    "gde_drops": (None, [_V, _P64]),
    "gde_host_create": (_V, [_C, _A, _U32, ctypes.POINTER(_I32)]),
    "gde_host_close": (None, [_V]),
    "gde_host_free": (None, [_V]),
    "gde_host_after_fork": (None, [_V]),
    "gde_host_service": (_I32, [_V, _I64, _E, ctypes.POINTER(_V)]),
    "gde_host_put_back": (None, [_V, _E, ctypes.POINTER(_V)]),
    "gde_packet_free": (None, [_V]),
    "gde_host_flush": (_I32, [_V]),
    "gde_host_connect": (_I64, [_V, _A, _U32, _U32, _U32]),
    "gde_host_disconnect": (_I32, [_V, _U64, _U32, _U32]),
    "gde_host_send": (_I32, [_V, _U64, _U32, _D, _U64, _U32]),
    "gde_host_broadcast": (_I32, [_V, _U32, _D, _U64, _U32]),
    "gde_host_set_untaken": (_I32, [_V, _U64, _U32, _U64]),
    "gde_host_ping": (_I32, [_V, _U64]),
    "gde_host_configure": (_I32, [_V, _U64, _U32, _U32, _U32, _U32]),
    "gde_host_bandwidth_limit": (_I32, [_V, _U32, _U32]),
    "gde_host_set_channel_limit": (_I32, [_V, _U32]),
    "gde_host_set_compressor": (_I32, [_V, _U32]),
    "gde_host_socket_send": (_I32, [_V, _D, _U32, _A]),
    "gde_host_peers": (_I32, [_V, _P64, _I32]),
    "gde_host_peer_info": (_I32, [_V, _U64, _N]),
    "gde_host_peer_state": (_I32, [_V, _U64]),
    "gde_host_peer_statistic": (_I64, [_V, _U64, _U32]),
    "gde_host_pop_statistic": (_U64, [_V, _U32]),
    "gde_host_channel_limit": (_U32, [_V]),
    "gde_host_drops": (None, [_V, _P64]),
    "gde_host_poll_drops": (_I32, [_V, _R, _I32]),
    "gde_host_has_drops": (_I32, [_V]),
    "gde_host_detach": (_I32, [_V, ctypes.POINTER(_V), ctypes.POINTER(_I64)]),
    "gde_host_fileno": (_I64, [_V]),
    "gde_host_poll_timeout": (_I32, [_V, ctypes.POINTER(_I64)]),
    "gde_host_local_address": (_I32, [_V, _A]),
}


class NativeUnavailable(RuntimeError):
    """The compiled helper cannot be used; the message says why."""


class HotTypes(NamedTuple):
    """The C classes of ``src/hot.c``."""

    handle: type
    peer: type
    connection: type
    set_results: Callable[[object, object, type, object], None]


def load_library(path: str) -> ctypes.CDLL:
    """A library at a path, checked and with its functions declared.

    Raises:
        NativeUnavailable: it cannot be loaded, or is not what this version of the package needs.
    """
    try:
        loaded = ctypes.CDLL(path)
    except OSError as error:
        raise NativeUnavailable(f"{path} cannot be loaded: {error}") from error
    try:
        loaded.gde_abi_version.restype = _U32
        version = loaded.gde_abi_version()
        if version != ABI_VERSION:
            raise NativeUnavailable(f"{path} has ABI version {version}, this package needs {ABI_VERSION}")
        loaded.gde_sizeof.restype, loaded.gde_sizeof.argtypes = _U32, [_U32]
        for kind, record in enumerate(RECORDS):
            if loaded.gde_sizeof(kind) != ctypes.sizeof(record):
                raise NativeUnavailable(f"{path} has another layout of {record.__name__}")
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise NativeUnavailable(f"{path} lacks a function: {error}") from error
    return loaded


def _folder() -> str:
    """Where the library lies, or would."""
    return os.environ.get(_ELSEWHERE) or os.path.dirname(os.path.abspath(__file__))


def _checkout() -> str | None:
    """The checkout that this file is part of; None for an installed package."""
    top = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
    return top if os.path.isfile(os.path.join(top, "CMakeLists.txt")) else None


def _load() -> ctypes.CDLL:
    folder = _folder()
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.split(".")[0] == _STEM and name.endswith((".so", ".dylib", ".dll", ".pyd")):
            return load_library(os.path.join(folder, name))
    if os.environ.get(_ELSEWHERE):
        raise NativeUnavailable(f"{_ELSEWHERE}={folder} has no library {_STEM}")
    raise NativeUnavailable("this checkout has no built library" if _checkout() else "it was not built")


def _refuse_foreign_objects() -> None:
    """The C methods read the head of an object, which is part of CPython's stable ABI, and only of that."""
    if sys.implementation.name != "cpython":
        raise NativeUnavailable(f"{sys.implementation.name} does not have CPython's stable ABI")
    if "t" in getattr(sys, "abiflags", "") or "free-threading" in sys.version:
        raise NativeUnavailable("a free-threaded CPython has another object layout")
    if object.__basicsize__ != 2 * ctypes.sizeof(ctypes.c_void_p):
        raise NativeUnavailable("this build of CPython has another object layout")


def _is_main_interpreter() -> bool:
    current = ctypes.PYFUNCTYPE(_V)(("PyInterpreterState_Get", ctypes.pythonapi))
    number = ctypes.PYFUNCTYPE(_I64, _V)(("PyInterpreterState_GetID", ctypes.pythonapi))
    return bool(number(current()) == 0)


def _load_hot(loaded: ctypes.CDLL) -> HotTypes:
    """The C classes. The library is not linked with Python: it is told where Python's functions are."""
    _refuse_foreign_objects()
    hot = ctypes.PyDLL(loaded._name, handle=loaded._handle)
    try:
        if not _is_main_interpreter():  # the others have objects and, from Python 3.12 on, locks of their own
            raise NativeUnavailable("this is a subinterpreter")
        hot.gde_hot_function.restype, hot.gde_hot_function.argtypes = ctypes.c_char_p, [_U32]
        hot.gde_hot_types.restype, hot.gde_hot_types.argtypes = ctypes.py_object, [_V, ctypes.py_object]
        hot.gde_hot_results.restype, hot.gde_hot_results.argtypes = ctypes.py_object, [ctypes.py_object] * 4
        addresses: list[int] = []
        while name := hot.gde_hot_function(len(addresses)):
            addresses.append(ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, name.decode())))
    except (AttributeError, ValueError) as error:
        raise NativeUnavailable(f"a function is missing: {error}") from error
    builtins = (None, type, int, bytes, tuple, list, super, TypeError, ValueError, OSError)
    types = hot.gde_hot_types((_V * len(addresses))(*addresses), builtins)
    if types is None:
        raise NativeUnavailable("this build of CPython has another object layout")
    handle, peer, connection = types
    return HotTypes(handle, peer, connection, hot.gde_hot_results)


_library: ctypes.CDLL | None = None
_hot: HotTypes | None = None
_why_unavailable = _why_no_hot = ""
try:
    _library = _load()
except NativeUnavailable as _error:
    _why_unavailable = _why_no_hot = str(_error)
else:
    try:
        _hot = _load_hot(_library)
    except NativeUnavailable as _error:
        _why_no_hot = str(_error)


def library() -> ctypes.CDLL:
    """The helper.

    Raises:
        NativeUnavailable: there is none.
    """
    if _library is None:
        raise NativeUnavailable(f"the native engine is not available: {_why_unavailable}. {remedy()}")
    return _library


def hot_types() -> HotTypes | None:
    """The C classes of the calls made per message; None where this interpreter cannot have them."""
    return _hot


def why_unavailable() -> str:
    """Why there is no helper; empty if there is one."""
    return _why_unavailable


def why_no_hot_types() -> str:
    """Why there are no C classes; empty if there are."""
    return _why_no_hot


def remedy() -> str:
    """What to do where the helper is missing, or has no C classes: a sentence. Empty where all is there."""
    if not _why_no_hot:
        return ""
    if not _why_unavailable:
        return "The main interpreter of an ordinary CPython has them."
    if os.environ.get(_ELSEWHERE):
        return f"Correct or unset {_ELSEWHERE}."
    checkout = _checkout()
    if checkout:
        return f"With a C compiler, run `pip install -e .` in {checkout}."
    return "Install a C compiler, then godot_enet again; with GODOT_ENET_REQUIRE_NATIVE=1 pip shows what fails."
