"""GameNetworkingSockets in C++, encrypted as always, through the C functions of its shared library: reliable, without
Nagle's delay. Neither pip nor Debian has it. One thread serves all connections of a process; they can only be asked for
messages, which happens every millisecond."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time
from collections import defaultdict
from ctypes.util import find_library
from typing import Any

from benchmarks.peers.ends import join, run

__all__ = ["LIBRARY", "library"]

LIBRARY = "GAMENETWORKINGSOCKETS"
"""The variable with the path of the library, where the system does not find it."""
PAUSE = 0.001
BATCH = 256
RELIABLE, NO_NAGLE = 8, 1
ALLOW_WITHOUT_AUTHENTICATION = 23
CONNECTED = 3
ERROR_SPACE, STATUS_SPACE = 1024, 1024
STATUS_CHANGED = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_uint32))
"""Called with a record that begins with the connection."""


class Message(ctypes.Structure):
    """The beginning of ``SteamNetworkingMessage_t``."""

    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_int), ("connection", ctypes.c_uint32)]


def library() -> str | None:
    """The path or name of the shared library."""
    return os.environ.get(LIBRARY) or find_library("GameNetworkingSockets")


def address(port: int) -> bytes:
    """A ``SteamNetworkingIPAddr`` of this machine: IPv4 as IPv6, and the port in the machine's byte order."""
    return bytes(10) + b"\xff\xff" + socket.inet_aton("127.0.0.1") + struct.pack("=H", port)


class Sockets:
    """``ISteamNetworkingSockets`` with one poll group."""

    def __init__(self) -> None:
        path = library()
        if path is None:
            raise OSError("no library")
        self._library = loaded = ctypes.CDLL(path)
        error = ctypes.create_string_buffer(ERROR_SPACE)
        loaded.GameNetworkingSockets_Init.restype = ctypes.c_bool
        if not loaded.GameNetworkingSockets_Init(None, error):
            raise OSError(error.value.decode())
        loaded.SteamAPI_SteamNetworkingSockets_v009.restype = ctypes.c_void_p
        loaded.SteamAPI_SteamNetworkingUtils_v003.restype = ctypes.c_void_p
        self._self = ctypes.c_void_p(loaded.SteamAPI_SteamNetworkingSockets_v009())
        utilities = ctypes.c_void_p(loaded.SteamAPI_SteamNetworkingUtils_v003())
        loaded.SteamAPI_ISteamNetworkingUtils_SetGlobalConfigValueInt32(utilities, ALLOW_WITHOUT_AUTHENTICATION, 1)
        self._on_changed = STATUS_CHANGED(self._changed)
        loaded.SteamAPI_ISteamNetworkingUtils_SetGlobalCallback_SteamNetConnectionStatusChanged(
            utilities, self._on_changed
        )
        self._group = self._call("CreatePollGroup")
        self._taken = (ctypes.POINTER(Message) * BATCH)()
        self.answers: defaultdict[int, list[bytes]] = defaultdict(list)
        """Of clients, by connection."""

    def _call(self, name: str, *arguments: Any) -> int:
        return int(getattr(self._library, f"SteamAPI_ISteamNetworkingSockets_{name}")(self._self, *arguments))

    def _changed(self, record: Any) -> None:
        """Accept who wants to connect; for all others this does nothing."""
        connection = record[0]
        if self._call("AcceptConnection", ctypes.c_uint32(connection)) == 1:
            self._call("SetConnectionPollGroup", ctypes.c_uint32(connection), ctypes.c_uint32(self._group))

    def listen(self) -> int:
        """Returns the port."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if not self._call("CreateListenSocketIP", address(port), 0, None):
            raise OSError("no socket")
        return port

    def connect(self, port: int) -> int:
        """A new connection to a server on this machine."""
        connection = self._call("ConnectByIPAddress", address(port), 0, None) & 0xFFFFFFFF
        self._call("SetConnectionPollGroup", ctypes.c_uint32(connection), ctypes.c_uint32(self._group))
        return connection

    def is_connected(self, connection: int) -> bool:
        status = ctypes.create_string_buffer(STATUS_SPACE)
        self._call("GetConnectionRealTimeStatus", ctypes.c_uint32(connection), status, 0, None)
        return int.from_bytes(status.raw[:4], "little", signed=True) == CONNECTED

    def send(self, connection: int, message: bytes) -> None:
        self._call(
            "SendMessageToConnection", ctypes.c_uint32(connection), message, len(message), RELIABLE | NO_NAGLE, None
        )

    def receive(self) -> list[tuple[int, bytes]]:
        """What has arrived on all connections."""
        self._library.SteamAPI_ISteamNetworkingSockets_RunCallbacks(self._self)
        count = self._call("ReceiveMessagesOnPollGroup", ctypes.c_uint32(self._group), self._taken, BATCH)
        arrived = []
        for number in range(count):
            message = self._taken[number]
            arrived.append((message[0].connection, ctypes.string_at(message[0].data, message[0].size)))
            self._library.SteamAPI_SteamNetworkingMessage_t_Release(message)
        return arrived


class GnsClient:
    """A connection. The first client asks for the messages of all."""

    def __init__(self, sockets: Sockets, first: bool) -> None:
        self._sockets = sockets
        self._first = first
        self._connection = 0
        self.up = False

    def fileno(self) -> int:
        return -1

    def connect(self, port: int) -> None:
        self._connection = self._sockets.connect(port)

    def send(self, packet: bytes) -> None:
        self._sockets.send(self._connection, packet)

    def poll(self) -> list[bytes]:
        if self._first:
            for connection, answer in self._sockets.receive():
                self._sockets.answers[connection].append(answer)
        if not self.up and self._connection:
            self.up = self._sockets.is_connected(self._connection)
        return self._sockets.answers.pop(self._connection, [])


def serve(variant: str, clients: int) -> None:
    del variant, clients
    sockets = Sockets()
    print(sockets.listen(), flush=True)
    while True:
        for connection, request in sockets.receive():
            sockets.send(connection, request)
        time.sleep(PAUSE)


def clients(variant: str, count: int, port: int, rate: float) -> None:
    del variant
    sockets = Sockets()
    join([GnsClient(sockets, first=number == 0) for number in range(count)], port, rate)


if __name__ == "__main__":
    run(serve, clients)
