"""Finds and loads the compiled helper, once. Without it everything works, only slower.

Two libraries may lie beside this module: ``_gde`` has no dependency at all, ``_gde_hot`` is the same plus the few
methods on CPython's stable ABI. Either is checked before use: ABI version, struct sizes, every symbol. The environment
variable ``GODOT_ENET_NATIVE_LIBRARY`` names another folder to look in, for builds with sanitizers and the like.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Callable
from struct import unpack_from
from typing import Any, NamedTuple

from godot_enet.core.native.records import RECORDS, CAddress, CConfig, CDropReport, CEvent, CPeerInfo

__all__ = ["ABI_VERSION", "HotTypes", "NativeUnavailable", "hot_types", "library", "load_library", "why_unavailable"]

_log = logging.getLogger("godot_enet.native")

ABI_VERSION = 5

_V, _I32, _I64, _U32, _U64 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_uint32, ctypes.c_uint64
_D = ctypes.c_char_p
_A, _E = ctypes.POINTER(CAddress), ctypes.POINTER(CEvent)
_C, _N, _R = ctypes.POINTER(CConfig), ctypes.POINTER(CPeerInfo), ctypes.POINTER(CDropReport)
_P64 = ctypes.POINTER(_U64)

_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "gde_engine_create": (_V, [_C]),
    "gde_engine_destroy": (None, [_V]),
    "gde_begin_pass": (None, [_V]),
    "gde_is_exhausted": (_I32, [_V, _U32]),
    "gde_charge_undecodable": (None, [_V, _U32, _A]),
    "gde_receive": (None, [_V, _D, _U32, _A, _I64]),
    "gde_receive_expanded": (None, [_V, _D, _U32, _U32, _A, _I64]),
    "gde_handle_timeout": (None, [_V, _I64]),
    "gde_connect": (_I64, [_V, _A, _U32, _U32]),
    "gde_disconnect": (_I32, [_V, _U64, _U32, _U32, _I64]),
    "gde_send": (_I32, [_V, _U64, _U32, _D, _U64, _U32]),
    "gde_broadcast": (_I32, [_V, _U32, _D, _U64, _U32]),
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
    "gde_packet_free": (None, [_V]),
    "gde_host_flush": (_I32, [_V]),
    "gde_host_connect": (_I64, [_V, _A, _U32, _U32]),
    "gde_host_disconnect": (_I32, [_V, _U64, _U32, _U32]),
    "gde_host_send": (_I32, [_V, _U64, _U32, _D, _U64, _U32]),
    "gde_host_broadcast": (_I32, [_V, _U32, _D, _U64, _U32]),
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
    """The C classes of ``_gde_hot``."""

    handle: type
    peer: type
    connection: type
    set_results: Callable[[object, object, type, object], None]


def _refuse_torn(path: str) -> None:
    """A library cut off in the middle (a copy that was not finished) would not fail to load, but kill the process.

    The section table is the last thing in an ELF file; other systems check for themselves.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(64)
        size = os.path.getsize(path)
    except OSError:
        return  # Loading it will say the same, better.
    if head[:6] == b"\x7fELF\x02\x01" and len(head) == 64:
        (table,) = unpack_from("<Q", head, 40)
        entry, count = unpack_from("<HH", head, 58)
        if size < table + entry * count:
            raise NativeUnavailable(f"{path} is cut off")


def load_library(path: str) -> ctypes.CDLL:
    """A library at a path, checked and with its functions declared.

    Raises:
        NativeUnavailable: it cannot be loaded, or is not what this version of the package needs.
    """
    _refuse_torn(path)
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


def _find(stem: str) -> str | None:
    elsewhere = os.environ.get("GODOT_ENET_NATIVE_LIBRARY")
    # importlib.resources would find the same, and take longer to import than everything else here.
    folders = [elsewhere] if elsewhere else sys.modules[__name__.rpartition(".")[0]].__path__
    for folder in folders:
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name.split(".")[0] == stem and name.endswith((".so", ".dylib", ".dll", ".pyd")):
                return os.path.join(folder, name)
    return None


def _has_stable_abi() -> bool:
    """Free-threaded builds of CPython have another object layout, and no stable ABI."""
    return sys.implementation.name == "cpython" and "t" not in getattr(sys, "abiflags", "")


def _load() -> tuple[ctypes.CDLL | None, HotTypes | None, str]:
    reason = "it was not built"
    for stem in ("_gde_hot", "_gde") if _has_stable_abi() else ("_gde",):
        path = _find(stem)
        if path is None:
            continue
        try:
            return load_library(path), _load_hot(path) if stem == "_gde_hot" else None, ""
        except NativeUnavailable as error:
            reason = str(error)
            _log.warning("The compiled helper is not used: %s.", reason)
    return None, None, reason


def _load_hot(path: str) -> HotTypes:
    try:
        hot = ctypes.PyDLL(path)
        hot.gde_hot_types.restype = ctypes.py_object
        hot.gde_hot_results.restype = ctypes.py_object
        hot.gde_hot_results.argtypes = [ctypes.py_object] * 4
        handle, peer, connection = hot.gde_hot_types()
    except (OSError, AttributeError) as error:
        raise NativeUnavailable(f"{path} cannot be used: {error}") from error
    return HotTypes(handle, peer, connection, hot.gde_hot_results)


_library, _hot, _reason = _load()


def library() -> ctypes.CDLL:
    """The helper.

    Raises:
        NativeUnavailable: there is none.
    """
    if _library is None:
        raise NativeUnavailable(f"the native engine is not available: {_reason}")
    return _library


def hot_types() -> HotTypes | None:
    """The C classes, where the helper was built against CPython's stable ABI; None otherwise."""
    return _hot


def why_unavailable() -> str:
    """Why there is no helper; empty if there is one."""
    return _reason
