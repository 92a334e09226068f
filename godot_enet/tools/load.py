"""``load``: runs the bots of a Python file against a server, without Locust."""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from godot_enet.load.user import LoadUser

__all__ = ["add_to"]

_DESCRIPTION = """\
Run bots from one process, without Locust: the classes of FILE that derive from ENetUser or GodotUser of
godot_enet.load. Prints a line each second, and a summary. Exit code: 0 if nothing failed, 1 if a connection, a request
or a method of a bot failed, 2 if the bots cannot be run."""


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser("load", help="run many bots against a server", description=_DESCRIPTION)
    parser.add_argument("file", metavar="FILE", type=Path, help="a Python file with classes of bots")
    parser.add_argument("--bots", type=int, default=10, metavar="N", help="how many (default 10)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long (default 60)")
    parser.add_argument("--rate", type=float, default=100.0, metavar="N", help="bots to start per second (default 100)")
    parser.add_argument("--host", metavar="ADDRESS:PORT", help="the server, instead of what the classes name")
    parser.add_argument(
        "--class", dest="names", action="append", metavar="NAME", help="only this class; may be repeated"
    )
    parser.set_defaults(run=partial(_check_and_run, parser))


def _check_and_run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    for name in ("bots", "seconds", "rate"):
        if not getattr(options, name) > 0:
            parser.error(f"--{name} must be greater than 0")
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    from godot_enet.load.runner import Run
    from godot_enet.load.user import parse_host

    try:
        classes = _classes_of(_load(options.file), options.names or [])
        for each in classes:
            each.host = options.host or each.host
            parse_host(each.host or "")
    except Exception as error:
        sys.stderr.write(f"load: {options.file}: {_explain(error)}\n")
        return 2
    if problem := _allow_sockets(options.bots):
        sys.stderr.write(f"load: {problem}\n")
        return 2
    run = Run(classes, bots=options.bots, rate=options.rate, seconds=options.seconds, progress=_show)
    run.play()
    _show("")
    sys.stdout.write("\n".join(run.lines()) + "\n")
    return 1 if run.results.failed else 0


def _show(line: str) -> None:
    """Show a line of progress: on a terminal in place of the last one."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K{line}")
    elif line:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _explain(error: BaseException) -> str:
    if isinstance(error, _Unusable):
        return str(error)
    from godot_enet.load.recorder import describe, printable

    return printable(describe(error))


class _Unusable(Exception):
    """The file has no bots to run."""


def _load(file: Path) -> ModuleType:
    """Import the file, and with it what is beside it."""
    if not file.is_file():
        raise _Unusable("is not a file" if file.exists() else "there is no such file")
    sys.path.insert(0, str(file.resolve().parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise _Unusable("is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def _classes_of(module: ModuleType, names: list[str]) -> list[type[LoadUser]]:
    from godot_enet.load.user import LoadUser

    found = {
        name: each
        for name, each in vars(module).items()
        if inspect.isclass(each) and issubclass(each, LoadUser) and not vars(each).get("abstract", False)
    }
    if not found:
        raise _Unusable("there is no class that derives from ENetUser or GodotUser of godot_enet.load")
    for name in names:
        if name not in found:
            raise _Unusable(f"there is no class {name!r} of bots; there are {', '.join(found)}")
    chosen = [each for name, each in found.items() if name in names or not names]
    playing = [each for each in chosen if each.weight > 0]  # as with Locust, where 0 is for classes that rest
    if not playing:
        raise _Unusable(f"the weight of {', '.join(each.__name__ for each in chosen)} is not greater than 0")
    return playing


def _allow_sockets(bots: int) -> str:
    """Raise the limit of open files to what the bots need. Returns why that is not possible; empty if it is."""
    try:
        import resource
    except ImportError:  # on Windows there is no such limit
        return ""
    needed = bots + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
            soft = needed
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ""
    return f"{bots} bots need as many sockets, and this process may open {soft} files (ulimit -n)"
