"""``echo``: a server that sends back what it gets, to try a client against."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from godot_enet.compat import ENetConnection, ENetPacketPeer, Error
from godot_enet.core.compression import CodecUnavailable, Zstd
from godot_enet.core.protocol.constants import MAXIMUM_PEER_ID, MAXIMUM_SHARDS
from godot_enet.tools.command_line import whole_number

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from godot_enet.compat.crypto import TLSOptions

__all__ = ["add_to"]

_DESCRIPTION = """\
Send each packet back on the channel and with the flags that it came with. Ctrl-C stops it. Exit code: 0, or 1 if the
server cannot be set up, 2 for wrong arguments."""
_MODES = {
    mode.name.removeprefix("COMPRESS_").lower().replace("_", "-"): mode for mode in ENetConnection.CompressionMode
}


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser("echo", help="a server that sends back what it gets", description=_DESCRIPTION)
    parser.add_argument(
        "port", metavar="PORT", nargs="?", type=whole_number(0, 65535), default=7777, help="default 7777; 0: any free"
    )
    parser.add_argument("--bind", default="*", metavar="ADDRESS", help="an IP address of this machine (default: all)")
    parser.add_argument(
        "--peers",
        type=whole_number(1, MAXIMUM_PEER_ID * MAXIMUM_SHARDS),
        default=32,
        metavar="N",
        help="clients at a time (default 32)",
    )
    parser.add_argument(
        "--shards", type=whole_number(1, MAXIMUM_SHARDS), default=1, metavar="N", help="sockets on the port (default 1)"
    )
    parser.add_argument("--compress", choices=list(_MODES), default="none", help="the compression mode (default none)")
    parser.add_argument("--dtls", action="store_true", help="encrypt; without --key with a new certificate")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the private key for --dtls")
    parser.add_argument(
        "--certificate", type=Path, metavar="FILE", help="the certificate for --key (default: in the same file)"
    )
    parser.set_defaults(run=partial(_check_and_run, parser))


def _check_and_run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if options.key and not options.dtls:
        parser.error("--key needs --dtls")
    if options.certificate and not options.key:
        parser.error("--certificate needs --key")
    if options.peers > MAXIMUM_PEER_ID * options.shards:
        parser.error(f"a shard has at most {MAXIMUM_PEER_ID} clients: --peers {options.peers} needs more --shards")
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    if options.compress == "zstd":
        try:
            Zstd()
        except CodecUnavailable as error:
            sys.stderr.write(f"echo: {error}\n")
            return 1
    server = ENetConnection(shards=options.shards)
    if server.create_host_bound(options.bind, options.port, options.peers) != Error.OK:
        return 1
    try:
        server.compress(_MODES[options.compress])
        if options.dtls:
            credentials = _credentials(options.key, options.certificate)
            if credentials is None or server.dtls_server_setup(credentials) != Error.OK:
                return 1
        encryption = "DTLS" if options.dtls else "no encryption"
        _say(f"listening on port {server.get_local_port()}, compression {options.compress}, {encryption}")
        names: dict[ENetPacketPeer, str] = {}
        while True:
            _answer(server, names)
    except KeyboardInterrupt:
        return 0
    finally:
        for peer in server.get_peers():
            peer.peer_disconnect_now()
        server.destroy()


def _answer(server: ENetConnection, names: dict[ENetPacketPeer, str]) -> None:
    kind, peer, data, channel = server.service(1000)
    if peer is None:
        return
    if kind == ENetConnection.EVENT_CONNECT:
        names[peer] = f"{peer.get_remote_address()} port {peer.get_remote_port()}"
        _say(f"{names[peer]} connected, data {data}")
    elif kind == ENetConnection.EVENT_DISCONNECT:
        _say(f"{names.pop(peer)} disconnected, data {data}")
    elif kind == ENetConnection.EVENT_RECEIVE:
        flags, packet = peer.get_packet_flags(), peer.get_packet()
        peer.send(channel, packet, flags)


def _credentials(key_file: Path | None, certificate_file: Path | None) -> TLSOptions | None:
    """None, with a line in the log, if they cannot be read."""
    from godot_enet.compat.crypto import Crypto, CryptoKey, TLSOptions, X509Certificate

    if key_file is None:
        crypto = Crypto()
        new = crypto.generate_rsa(2048)
        made = crypto.generate_self_signed_certificate(new, "CN=localhost,O=godot_enet,C=XX") if new else None
        return TLSOptions.server(new, made) if new and made else None
    key, certificate = CryptoKey(), X509Certificate()
    if key.load(str(key_file)) != Error.OK or certificate.load(str(certificate_file or key_file)) != Error.OK:
        return None
    return TLSOptions.server(key, certificate)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
