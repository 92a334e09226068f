"""A stand-in for Agones' SDK server, written from its public descriptions sdk.swagger.json and beta.swagger.json.

It refuses what those say: unknown paths and names (404), other methods (501, as the gateway of that server does),
bodies that are no JSON or have unknown fields (400), counters outside 0..capacity and full lists (400, OUT_OF_RANGE),
values that are in a list already (409), and values that are not (404). 64-bit numbers are strings in its answers.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

__all__ = ["StandIn"]

Body = dict[str, Any]


class Refused(Exception):
    """An answer other than 200: the HTTP status, the code of gRPC, and a text."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def not_found(what: str) -> Refused:
    return Refused(404, 5, f"{what} not found")


def out_of_range(what: str) -> Refused:
    return Refused(400, 11, f"{what} is out of range")


class StandIn:
    """One game server with the counter ``rounds`` and the list ``players``."""

    def __init__(self) -> None:
        self.state = "Scheduled"
        self.health = 0
        self.reserved = 0
        self.labels: dict[str, str] = {}
        self.annotations: dict[str, str] = {}
        self.counters = {"rounds": [0, 3]}
        self.lists: dict[str, tuple[list[str], int]] = {"players": ([], 3)}
        self.requests: list[str] = []
        """Methods and paths, in order."""
        self.garbage = b""
        """What to answer instead of anything sensible."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stand_in = self
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, path: str, body: Body) -> Body:
        states = {"/ready": "Ready", "/allocate": "Allocated", "/shutdown": "Shutdown"}
        if path in states:
            require(method, "POST", body)
            self.state = states[path]
            return {}
        if path == "/health":
            require(method, "POST", body)
            self.health += 1
            return {}
        if path == "/reserve":
            require(method, "POST", body, "seconds")
            self.reserved, self.state = int(body.get("seconds", 0)), "Reserved"
            return {}
        if path == "/gameserver":
            require(method, "GET", body)
            meta = {"name": "local", "labels": self.labels, "annotations": self.annotations}
            return {"object_meta": meta, "status": {"state": self.state, "address": "127.0.0.1"}}
        for name, store in (("label", self.labels), ("annotation", self.annotations)):
            if path == f"/metadata/{name}":
                require(method, "PUT", body, "key", "value")
                store[f"agones.dev/sdk-{body['key']}"] = body["value"]
                return {}
        if path.startswith("/v1beta1/counters/"):
            return self._counter(method, unquote(path.removeprefix("/v1beta1/counters/")), body)
        if path.startswith("/v1beta1/lists/"):
            name, colon, verb = path.removeprefix("/v1beta1/lists/").partition(":")
            return self._list(method, unquote(name), colon + verb, body)
        raise not_found("the path")

    def _counter(self, method: str, name: str, body: Body) -> Body:
        if method != "GET":
            require(method, "PATCH", body, "count", "capacity", "countDiff")
        if name not in self.counters:
            raise not_found(f"counter {name}")
        count, capacity = self.counters[name]
        capacity = int(body.get("capacity", capacity))
        count = int(body.get("count", count)) + int(body.get("countDiff", 0))
        if not 0 <= count <= capacity:
            raise out_of_range("the count")
        self.counters[name] = [count, capacity]
        return {"name": name, "count": str(count), "capacity": str(capacity)}

    def _list(self, method: str, name: str, verb: str, body: Body) -> Body:
        if verb in (":addValue", ":removeValue"):
            require(method, "POST", body, "value")
        elif method != "GET":
            require(method, "PATCH", body, "capacity", "values")
        if name not in self.lists:
            raise not_found(f"list {name}")
        values, capacity = self.lists[name]
        value = body.get("value")
        if verb == ":addValue":
            if value in values:
                raise Refused(409, 6, f"{value} already exists")
            if len(values) >= capacity:
                raise out_of_range("the list")
            values = [*values, str(value)]
        elif verb == ":removeValue":
            if value not in values:
                raise not_found(f"value {value}")
            values = [each for each in values if each != value]
        else:
            values, capacity = body.get("values", values), int(body.get("capacity", capacity))
            if not 0 <= capacity <= 1000:
                raise out_of_range("the capacity")
        self.lists[name] = values, capacity
        return {"name": name, "capacity": str(capacity), "values": values}


def require(method: str, wanted: str, body: Body, *fields: str) -> None:
    if method != wanted:
        raise Refused(501, 12, "Method Not Allowed")
    unknown = set(body) - set(fields)
    if unknown:
        raise Refused(400, 3, f"unknown field {unknown.pop()}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stand_in: StandIn


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        stand_in = self.server.stand_in
        stand_in.requests.append(f"{self.command} {self.path}")
        status, answer = 200, b""
        try:
            try:
                body = json.loads(content) if content else {}
            except ValueError as error:
                raise Refused(400, 3, str(error)) from None
            if self.command != "GET" and not content:
                raise Refused(400, 3, "EOF")
            answer = json.dumps(stand_in.answer(self.command, self.path, body)).encode()
        except Refused as refused:
            status = refused.status
            answer = json.dumps({"code": refused.code, "message": str(refused), "details": []}).encode()
        answer = stand_in.garbage or answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = _answer

    def log_message(self, format: str, *args: object) -> None:
        pass
