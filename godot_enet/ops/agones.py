"""A client of Agones' REST API: the SDK server that runs beside each game server in its pod.

The requests follow the public descriptions ``sdk.swagger.json`` and ``beta.swagger.json`` of Agones.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

__all__ = ["Agones", "AgonesCounter", "AgonesError", "AgonesList"]

_DEFAULT_PORT = 9358


class AgonesError(Exception):
    """The SDK server cannot be reached, or has refused a request.

    Attributes:
        status: the HTTP status; 0 if it cannot be reached.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class AgonesCounter:
    """A counter of the game server."""

    count: int
    capacity: int


@dataclass(frozen=True)
class AgonesList:
    """A list of the game server."""

    values: list[str]
    capacity: int


class Agones:
    """The SDK server of this game server. Every method is one request, and blocks until it is answered.

    Counters and lists exist if the manifest of the fleet declares them.

    Args:
        port: its port; by default that of the environment variable ``AGONES_SDK_HTTP_PORT``, else 9358.
        host: its address.
        timeout: seconds that a request may take.

    Raises:
        AgonesError: from every method, if the SDK server cannot be reached or refuses.
    """

    def __init__(self, port: int | None = None, *, host: str = "127.0.0.1", timeout: float = 5.0) -> None:
        self.port = int(os.environ.get("AGONES_SDK_HTTP_PORT") or _DEFAULT_PORT) if port is None else port
        self.host = host
        self.timeout = timeout

    # Life cycle

    def ready(self) -> None:
        """Report that this server is ready for players."""
        self._call("POST", "/ready", {})

    def health(self) -> None:
        """Report that this server is healthy. Agones expects this every few seconds, and replaces a server that
        stops."""
        self._call("POST", "/health", {})

    def allocate(self) -> None:
        """Mark this server as in use, so that scaling down does not end it."""
        self._call("POST", "/allocate", {})

    def reserve(self, seconds: int) -> None:
        """Keep this server from being allocated or ended for some seconds."""
        self._call("POST", "/reserve", {"seconds": str(seconds)})

    def shutdown(self) -> None:
        """End this server: Agones deletes its pod."""
        self._call("POST", "/shutdown", {})

    # Description

    def game_server(self) -> dict[str, Any]:
        """Return the description of this server: ``object_meta``, ``spec`` and ``status``."""
        return self._call("GET", "/gameserver")

    def set_label(self, key: str, value: str) -> None:
        """Set a label, which allocations can select."""
        self._call("PUT", "/metadata/label", {"key": key, "value": value})

    def set_annotation(self, key: str, value: str) -> None:
        """Set an annotation."""
        self._call("PUT", "/metadata/annotation", {"key": key, "value": value})

    # Counters

    def counter(self, name: str) -> AgonesCounter:
        """Return a counter."""
        return _counter(self._call("GET", _counter_path(name)))

    def add_to_counter(self, name: str, amount: int) -> AgonesCounter:
        """Add to a counter, or subtract from it; return it. Refused outside 0..capacity."""
        return _counter(self._call("PATCH", _counter_path(name), {"countDiff": str(amount)}))

    def set_counter(self, name: str, count: int | None = None, capacity: int | None = None) -> AgonesCounter:
        """Set the count or the capacity of a counter, or both; return it. Refused outside 0..capacity."""
        wanted = {"count": count, "capacity": capacity}
        body = {key: str(value) for key, value in wanted.items() if value is not None}
        return _counter(self._call("PATCH", _counter_path(name), body))

    # Lists

    def list(self, name: str) -> AgonesList:
        """Return a list."""
        return _list(self._call("GET", _list_path(name)))

    def add_to_list(self, name: str, value: str) -> AgonesList:
        """Add a value, and return the list. Refused if the list contains it already or is full."""
        return _list(self._call("POST", f"{_list_path(name)}:addValue", {"value": value}))

    def remove_from_list(self, name: str, value: str) -> AgonesList:
        """Remove a value, and return the list. Refused if the list does not contain it."""
        return _list(self._call("POST", f"{_list_path(name)}:removeValue", {"value": value}))

    def set_list(self, name: str, values: Sequence[str] | None = None, capacity: int | None = None) -> AgonesList:
        """Set all values of a list, its capacity, or both; return it."""
        body: dict[str, object] = {} if values is None else {"values": [*values]}
        if capacity is not None:
            body["capacity"] = str(capacity)
        return _list(self._call("PATCH", _list_path(name), body))

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            found = json.loads(text or b"{}")
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            raise AgonesError(f"{method} {path} at {self.host}:{self.port}: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            why = found.get("message", "") if isinstance(found, dict) else ""
            raise AgonesError(f"{method} {path}: {answer.status} {answer.reason} {why}".rstrip(), answer.status)
        if not isinstance(found, dict):
            raise AgonesError(f"{method} {path}: not a JSON object")
        return found


def _counter_path(name: str) -> str:
    return f"/v1beta1/counters/{quote(name, safe='')}"


def _list_path(name: str) -> str:
    return f"/v1beta1/lists/{quote(name, safe='')}"


def _counter(found: dict[str, Any]) -> AgonesCounter:
    return AgonesCounter(_number(found, "count"), _number(found, "capacity"))


def _list(found: dict[str, Any]) -> AgonesList:
    values = found.get("values") or []
    if not isinstance(values, list):
        raise AgonesError(f"values: not a list: {values!r:.100}")
    return AgonesList([str(value) for value in values], _number(found, "capacity"))


def _number(found: dict[str, Any], name: str) -> int:
    """A 64-bit number: a string in this API, and left out if it is 0."""
    value = found.get(name) or 0
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise AgonesError(f"{name}: not a number: {value!r:.100}") from None
