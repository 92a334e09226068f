"""``info``: prints what is installed, which engine is in use, and what is missing."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import godot_enet
from godot_enet.core.host import available_engines
from godot_enet.core.native import why_no_hot_types
from godot_enet.tools.engines import describe

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to"]

_DESCRIPTION = """\
Print the versions, the engine in use, the reason if it is a slower one, and the optional packages: what a bug report
needs. Exit code: 0."""


class _Extra(NamedTuple):
    """An extra of the package. Any of its packages will do."""

    purpose: str
    module: str
    """Tells whether one is installed."""
    packages: tuple[str, ...]
    """The first is the one to install."""


_EXTRAS = {
    "crypto": _Extra("keys and certificates", "cryptography", ("cryptography",)),
    "dtls": _Extra("encrypted connections", "OpenSSL", ("pyOpenSSL",)),
    "zstd": _Extra("COMPRESS_ZSTD", "zstandard", ("zstandard",)),
    "demos": _Extra("demos with a window", "pygame", ("pygame", "pygame-ce")),
    "trace": _Extra("captures in trace", "dpkt", ("dpkt",)),
    "metrics": _Extra("metrics for Prometheus", "prometheus_client", ("prometheus_client",)),
    "load": _Extra("load tests with Locust", "locust", ("locust",)),
}
if sys.version_info >= (3, 14):
    _EXTRAS["zstd"] = _Extra("COMPRESS_ZSTD", "compression.zstd", ("part of Python",))
    _EXTRAS["demos"] = _Extra("demos with a window", "pygame", ("pygame-ce", "pygame"))
elif sys.implementation.name != "cpython":
    _EXTRAS["zstd"] = _Extra("COMPRESS_ZSTD", "backports.zstd", ("backports.zstd",))
    _EXTRAS["demos"] = _Extra("demos with a window", "pygame", ("pygame-ce", "pygame"))


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser("info", help="print versions, engines and optional packages", description=_DESCRIPTION)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    extras = {name: _version_of(extra) for name, extra in _EXTRAS.items()}
    if options.json:
        text = json.dumps(_as_object(extras))
    else:
        text = "\n".join([*_head(), *(_line(name, found) for name, found in extras.items())])
    sys.stdout.write(text + "\n")
    return 0


def _as_object(extras: dict[str, str]) -> dict[str, object]:
    return {
        "version": godot_enet.__version__,
        "path": _place(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "gil": _has_gil(),
        "platform": platform.platform(),
        "engines": available_engines(),
        "c_methods": not why_no_hot_types(),
        "engine": describe(),
        "extras": extras,
    }


def _head() -> list[str]:
    gil = "" if _has_gil() else ", without the GIL"
    return [
        f"godot_enet {godot_enet.__version__} in {_place()}",
        f"{platform.python_implementation()} {platform.python_version()}{gil} on {platform.platform()}",
        describe(),
    ]


def _line(name: str, found: str) -> str:
    extra = _EXTRAS[name]
    return f"{name:7}  {extra.purpose}: {found or f'not installed; pip install {extra.packages[0]}'}"


def _version_of(extra: _Extra) -> str:
    """The name and the version of the package that an extra brings; empty if there is none."""
    try:
        if find_spec(extra.module) is None:
            return ""
    except ModuleNotFoundError:  # a parent is missing
        return ""
    for package in extra.packages:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:  # noqa: PERF203 - there are two at most
            continue
    return extra.packages[0]


def _place() -> str:
    return str(Path(godot_enet.__file__).parent)


def _has_gil() -> bool:
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
