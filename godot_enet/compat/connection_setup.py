"""The compression, connect filter and encryption of a connection.

The filter depends on the other two: it has to see decrypted datagrams, and to decompress them as the host does.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from godot_enet.compat.addresses import format_ip
from godot_enet.compat.errors import fail
from godot_enet.compat.globals import Error
from godot_enet.core import Address, AnyHost
from godot_enet.core.compression import Codec, CodecUnavailable, make_compressor
from godot_enet.core.dtls.settings import BadCredentials, DtlsUnavailable
from godot_enet.core.host import with_compressor, with_stage
from godot_enet.core.transports.admission import Admission, Verdict, admission

if TYPE_CHECKING:
    from godot_enet.compat.dtls import DtlsSetup
    from godot_enet.core.interface import Compressor

__all__ = ["ConnectionSetup"]

ConnectHook = Callable[[str, int, int], Verdict | int]
"""See :meth:`ENetConnection.on_connect_request`."""
ReplaceHost = Callable[[Callable[[AnyHost], AnyHost]], Error]
"""Changes the host of the connection, or replaces it by a successor."""


class ConnectionSetup:
    """What a program has set up for the current host of a connection; it ends with that host."""

    def __init__(self) -> None:
        self.dtls: DtlsSetup | None = None
        self._admission: Admission | None = None
        self._hook: ConnectHook | None = None
        self._compressor: Compressor | None = None

    @property
    def peers_per_address(self) -> int:
        """The limit of the connect filter; 0 is unlimited."""
        return 0 if self._admission is None else self._admission.per_address

    def parts(self) -> list[object]:
        """What :meth:`clear` drops. A caller that holds these decides when their finalizers run."""
        return [self.dtls, self._admission, self._hook, self._compressor]

    def clear(self) -> None:
        """Drop everything, since the host has ended."""
        dtls, self.dtls = self.dtls, None
        if dtls is not None:
            dtls.release()
        self._admission = None
        self._hook = None
        self._compressor = None

    def compress(self, replace: ReplaceHost, codec: Codec | None) -> None:
        """Set the codec of later datagrams; None for no compression. Logs an error if it is not available."""
        try:
            compressor = None if codec is None else make_compressor(codec)
        except CodecUnavailable as error:
            return fail(str(error), None)
        if replace(lambda host: with_compressor(host, compressor)) is not Error.OK:
            return None
        self._compressor = compressor
        if self._admission is not None:
            self._admission.compressor = compressor
        return None

    def filter_connects(
        self, replace: ReplaceHost, hook: ConnectHook | None, per_second: int, per_address: int
    ) -> Error:
        """Set the connect filter."""
        self._hook = hook
        decide = None if hook is None else _decision(weakref.ref(self))
        if self._admission is not None:
            self._admission.decide = decide
            self._admission.per_second = per_second
            self._admission.per_address = per_address
            return Error.OK
        rules = Admission(decide, per_second, self._compressor, per_address=per_address)
        outcome = replace(lambda host: with_stage(host, admission(rules)))
        if outcome is not Error.OK:
            return outcome
        self._admission = rules
        return Error.OK

    def encrypt(self, replace: ReplaceHost, make: Callable[[], DtlsSetup]) -> Error:
        """Encrypt all traffic. ``make`` loads the credentials, and may raise what the functions of ``dtls`` raise."""
        if self.dtls is not None:
            return fail("DTLS is already set up for this ENetConnection.", Error.FAILED)
        try:
            setup = make()
        except DtlsUnavailable as error:
            return fail(f"{error}.", Error.ERR_UNAVAILABLE)
        except BadCredentials as error:
            return fail(f"DTLS cannot be set up: {error}.", Error.ERR_INVALID_PARAMETER)
        rules = self._admission

        def encrypted(host: AnyHost) -> AnyHost:
            successor = with_stage(host, setup.stage)
            # Admission must see decrypted data.
            return successor if rules is None else with_stage(successor, admission(rules))

        outcome = replace(encrypted)
        if outcome is not Error.OK:
            setup.release()
            return outcome
        self.dtls = setup
        return Error.OK


def _decision(owner: weakref.ref[ConnectionSetup]) -> Callable[[Address, int], Verdict | int]:
    """Wrap a program's hook for the core.

    The core must not keep the hook alive: it may refer to the connection, and the network thread would then keep both
    alive forever.
    """

    def decide(address: Address, data: int) -> Verdict | int:
        setup = owner()
        hook = None if setup is None else setup._hook
        return Verdict.IGNORE if hook is None else hook(format_ip(address.host), address.port, data)

    return decide
