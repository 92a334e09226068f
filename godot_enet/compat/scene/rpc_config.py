"""The RPC options of a method, and the table of all RPCs of a node.

The table has the number of each method on the wire, and the checksum by which two ends compare their methods. It covers
names only, so the ends may differ in options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import md5
from typing import Any, NamedTuple

from godot_enet.compat.errors import as_int
from godot_enet.compat.multiplayer_peer import MultiplayerPeer
from godot_enet.compat.scene.parameters import Parameters
from godot_enet.compat.variant import Variant
from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = [
    "NODE_TABLE",
    "RPCMode",
    "RpcConfig",
    "RpcEntry",
    "RpcTable",
    "config_from_annotation",
    "config_from_dictionary",
]

NODE_TABLE = 0x8000
"""Set in the numbers of methods that were configured with ``Node.rpc_config``."""


class RPCMode(NamedIntEnum):
    """Who may call a method."""

    RPC_MODE_DISABLED = 0
    """Nobody."""
    RPC_MODE_ANY_PEER = 1
    """Any peer."""
    RPC_MODE_AUTHORITY = 2
    """The node's multiplayer authority only."""


class RpcConfig(NamedTuple):
    """The options of one method."""

    mode: int = RPCMode.RPC_MODE_AUTHORITY
    transfer_mode: int = MultiplayerPeer.TRANSFER_MODE_RELIABLE
    call_local: bool = False
    channel: int = 0

    def __str__(self) -> str:
        mode = {0: "disabled", 1: "any_peer", 2: "authority"}.get(self.mode, str(self.mode))
        transfer = {0: "unreliable", 1: "unreliable_ordered", 2: "reliable"}.get(self.transfer_mode, "?")
        return f"{mode}, {'call_local' if self.call_local else 'call_remote'}, {transfer}, channel {self.channel}"


_WORDS: dict[str, tuple[str, int]] = {
    "any_peer": ("mode", RPCMode.RPC_MODE_ANY_PEER),
    "authority": ("mode", RPCMode.RPC_MODE_AUTHORITY),
    "call_local": ("call_local", True),
    "call_remote": ("call_local", False),
    "reliable": ("transfer_mode", MultiplayerPeer.TRANSFER_MODE_RELIABLE),
    "unreliable": ("transfer_mode", MultiplayerPeer.TRANSFER_MODE_UNRELIABLE),
    "unreliable_ordered": ("transfer_mode", MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED),
}


def config_from_annotation(options: Iterable[object]) -> RpcConfig:
    """Read the options of ``@rpc(...)``: up to three words in any order, then optionally a channel.

    Raises:
        TypeError: an option is neither a word nor, in the last place, a channel.
        ValueError: a word is unknown, or conflicts with an earlier one.
    """
    found: dict[str, Any] = {}
    for option in options:
        if "channel" in found:
            raise TypeError("@rpc: the channel must come last")
        if isinstance(option, str):
            if option not in _WORDS:
                raise ValueError(f"@rpc: {option!r} must be one of {', '.join(map(repr, _WORDS))}")
            name, value = _WORDS[option]
            if name in found:
                raise ValueError(f"@rpc: {option!r} conflicts with an earlier option")
            found[name] = value
        else:
            found["channel"] = _number(option, f"@rpc: {option!r} is neither a word nor a channel")
    return RpcConfig(**found)


def _number(value: object, error: str) -> int:
    if isinstance(value, bool):
        raise TypeError(error)
    try:
        return as_int(value, "")  # type: ignore[arg-type]  # that is what is being found out
    except TypeError:
        raise TypeError(error) from None


def config_from_dictionary(options: Mapping[Any, Any]) -> RpcConfig | None:
    """Read the options of ``Node.rpc_config``; None without ``"rpc_mode"``.

    Raises:
        TypeError: a value is not a number; the message names it.
    """
    if "rpc_mode" not in options:
        return None
    numbers = {"rpc_mode": 0, "transfer_mode": MultiplayerPeer.TRANSFER_MODE_RELIABLE, "channel": 0}
    # A list: PyPy replaces the text of a TypeError that is raised while it unpacks a generator.
    mode, transfer_mode, channel = [
        _number(options.get(name, default), f"rpc_config: {name!r} must be an int, not {options.get(name)!r}")
        for name, default in numbers.items()
    ]
    return RpcConfig(mode, transfer_mode, bool(options.get("call_local")), channel)


class RpcEntry:
    """A method in a table.

    Args:
        name: the method.
        config: its options.
        function: called with the node and the arguments; None for the node's attribute of that name.
    """

    __slots__ = ("_parameters", "config", "function", "name")

    def __init__(self, name: str, config: RpcConfig, function: Callable[..., Any] | None = None) -> None:
        self.name = name
        self.config = config
        self.function = function
        self._parameters: Parameters | None = None

    def prepare(self, node: object, arguments: Sequence[Variant]) -> Callable[[], Any]:
        """The call, ready to be made.

        Raises:
            AttributeError: the node has no such method.
            ArgumentsError: it does not take these arguments.
            Exception: whatever the node raises when it is asked for the method.
        """
        parameters, method = self.bind(node)
        return partial(method, *parameters.fit(arguments))

    def bind(self, node: object) -> tuple[Parameters, Callable[..., Any]]:
        """The parameters of the method, and the method of this node.

        Raises:
            AttributeError: the node has no such method.
            Exception: whatever the node raises when it is asked for the method.
        """
        function = self.function
        if function is None:
            found = getattr(node, self.name)
            if not callable(found):
                raise AttributeError(f"{self.name!r} is of type {type(found).__name__}, not a method")
            return Parameters(found, skip=0), found
        if self._parameters is None:
            self._parameters = Parameters(function, owner=type(node))
        return self._parameters, partial(function, node)


class RpcTable:
    """The methods of a node, by their names and their numbers.

    Args:
        node: the options from ``Node.rpc_config``; without options, a name only keeps its number.
        script: the methods decorated with ``@rpc``, with their functions.
    """

    __slots__ = ("checksum", "entries", "ids", "names")

    def __init__(
        self, node: Mapping[str, RpcConfig | None], script: Mapping[str, tuple[RpcConfig, Callable[..., Any]]]
    ) -> None:
        self.names = [*sorted(node), *sorted(script)]
        """All names in the order of the checksum."""
        self.ids: dict[str, int] = {}
        """By name: the number to send. ``@rpc`` wins."""
        self.entries: dict[int, RpcEntry] = {}
        """By number."""
        for number, name in enumerate(sorted(node)):
            config = node[name]
            if config is not None:
                self.ids[name] = NODE_TABLE | number
                self.entries[NODE_TABLE | number] = RpcEntry(name, config)
        for number, name in enumerate(sorted(script)):
            self.ids[name] = number
            self.entries[number] = RpcEntry(name, *script[name])
        names = "".join(self.names).encode("utf-8", "replace")
        self.checksum = md5(names, usedforsecurity=False).hexdigest()
        """Of the names, as it is sent."""

    def __str__(self) -> str:
        return ", ".join(self.names) or "none"
