"""The methods of one node that other peers may call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from godot_enet.compat.errors import fail
from godot_enet.compat.scene.rpc import script_methods
from godot_enet.compat.scene.rpc_config import RpcConfig, RpcTable, config_from_dictionary

if TYPE_CHECKING:
    from godot_enet.compat.scene.node import Node

__all__ = ["RpcOptions"]


class RpcOptions:
    """The options from ``rpc_config``, and the table of methods from these and ``@rpc``."""

    __slots__ = ("_table", "by_name")

    def __init__(self) -> None:
        self.by_name: dict[str, Mapping[Any, Any]] = {}
        self._table: RpcTable | None = None

    def set(self, name: str, config: Mapping[Any, Any] | None) -> None:
        """Let others call a method, or not.

        Raises:
            TypeError: a value is not a number.
        """
        if config is None:
            self.by_name.pop(name, None)
        elif not isinstance(config, Mapping):
            fail('Condition "p_config.get_type() != Variant::DICTIONARY" is true.', None)
        else:
            config_from_dictionary(config)  # now, and not when a remote calls
            self.by_name[name] = dict(config)

    def table(self, cls: type[Node]) -> RpcTable:
        """Return the methods that others may call; fixed at the first RPC, as in Godot."""
        if self._table is None:
            if self.by_name:
                configs: dict[str, RpcConfig | None]
                configs = {name: config_from_dictionary(options) for name, options in self.by_name.items()}
                self._table = RpcTable(configs, script_methods(cls))
            else:
                if "_class_table" not in vars(cls):
                    cls._class_table = RpcTable({}, script_methods(cls))
                self._table = cls._class_table
        return self._table
