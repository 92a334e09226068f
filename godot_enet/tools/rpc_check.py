"""``rpc-check``: checks whether a GDScript and a Python class have the same ``@rpc`` methods.

Godot numbers these methods in the order of their names, so one additional method at either end makes calls reach wrong
ones. Godot reports that only as a failed checksum.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.parameters import Parameters
from godot_enet.compat.scene.rpc import script_methods
from godot_enet.tools.command_line import explain
from godot_enet.tools.gdscript import ScriptClass, ScriptMethod, read_script
from godot_enet.tools.python_modules import import_module

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_to", "count_of", "differences", "methods_of", "methods_of_class", "methods_of_scripts"]

_DESCRIPTION = """\
Compare the @rpc methods of a GDScript with those of a Python class. Exit code: 0 if the two can call each other,
1 if not, 2 if something cannot be read. Methods configured with rpc_config() in code are not compared. The module is
imported as if it had been started without arguments."""


def add_to(tools: _SubParsersAction[Any]) -> None:
    """Add the tool to a command line."""
    parser = tools.add_parser(
        "rpc-check", help="compare the @rpc methods of a GDScript and a Python class", description=_DESCRIPTION
    )
    parser.add_argument(
        "script",
        nargs="+",
        metavar="SCRIPT.gd[:CLASS]",
        help="a script, preceded by those that it extends; or a class inside it",
    )
    parser.add_argument("cls", metavar="MODULE:CLASS", help="a class that inherits Node; its module is imported")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        theirs = methods_of_scripts(options.script)
        ours = methods_of_class(options.cls)
    except (OSError, ValueError, ImportError, AttributeError, TypeError) as error:
        _say(f"rpc-check: {explain(error)}", sys.stderr)
        return 2
    except (Exception, SystemExit) as error:  # raised by the module
        _say(f"rpc-check: importing {options.cls} failed: {type(error).__name__}: {error}", sys.stderr)
        return 2
    found = differences(theirs, ours)
    for line in found:
        _say(line)
    for name in sorted({*theirs} & {*ours}):
        if theirs[name].unknown_channel:
            _say(f"{name}: channel not compared; {theirs[name].unknown_channel} is not in these scripts")
    count = f"{len(ours)} method{'' if len(ours) == 1 else 's'}"
    listed = ", ".join(sorted(ours)) or "none"
    _say(f"{options.cls} in order: {listed}")
    if sorted(theirs) != sorted(ours):
        _say(f"{options.script[-1]} in order: {', '.join(sorted(theirs)) or 'none'}")
    _say(f"{len(found)} difference{'' if len(found) == 1 else 's'}" if found else f"The same: {count}.")
    return 1 if found else 0


def _say(text: str, stream: Any = None) -> None:
    print(text, file=stream or sys.stdout)


def methods_of_scripts(scripts: Sequence[str | Path]) -> dict[str, ScriptMethod]:
    """The methods of the last script, which extends those before it.

    Args:
        scripts: paths, each optionally with a colon and the name of a class inside the script.

    Raises:
        OSError, ValueError: one cannot be read.
    """
    found: dict[str, ScriptMethod] = {}
    base: ScriptClass | None = None
    for script in scripts:
        file, dot, name = str(script).partition(".gd:")
        path = Path(file + ".gd") if dot else Path(script)
        try:
            base = read_script(path.read_text(encoding="utf-8"), path, base=base)
            chosen = base
            for part in name.split(".") if name else ():
                if part not in chosen.classes:
                    raise ValueError(f"there is no class {name}")
                chosen = chosen.classes[part]
            found |= chosen.methods()
        except ValueError as error:
            raise ValueError(f"{path}: {explain(error)}") from None
    return found


def methods_of_class(name: str) -> dict[str, ScriptMethod]:
    """The methods of ``module:class``, imported from the current directory or from Python's path.

    Raises:
        ImportError, AttributeError, TypeError, ValueError: the class does not exist.
    """
    module, colon, attribute = name.partition(":")
    if not colon or module.endswith(".py"):
        raise ValueError(f"{name!r} should be MODULE:CLASS, with the name of a module as in `import`")
    found: Any = import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    if not (isinstance(found, type) and issubclass(found, Node)):
        raise TypeError(f"{name} is not a class that inherits Node")
    return methods_of(found)


def methods_of(cls: type[Node]) -> dict[str, ScriptMethod]:
    """The methods of a class, by name."""
    return {
        method: ScriptMethod(method, config, *Parameters(function).count)
        for method, (config, function) in script_methods(cls).items()
    }


def differences(theirs: Mapping[str, ScriptMethod], ours: Mapping[str, ScriptMethod]) -> list[str]:
    """The differences between a script and a class, one line each, in the order of the names."""
    lines = []
    for name in sorted({*theirs, *ours}):
        their, our = theirs.get(name), ours.get(name)
        if our is None:
            lines.append(f"{name}: missing in Python")
        elif their is None:
            lines.append(f"{name}: missing in GDScript")
        else:
            channel = our.config.channel if their.unknown_channel else their.config.channel
            if their.config._replace(channel=channel) != our.config:
                lines.append(f"{name}: {their.config} in GDScript; {our.config} in Python")
            if (their.fewest, their.most) != (our.fewest, our.most):
                lines.append(f"{name}: takes {count_of(their)} in GDScript; {count_of(our)} in Python")
    return lines


def count_of(method: ScriptMethod) -> str:
    """The number of arguments of a method, as text."""
    if method.most is None:
        return f"{method.fewest} arguments or more"
    plural = "" if method.most == 1 else "s"
    least = "" if method.fewest == method.most else f"{method.fewest} to "
    return f"{least}{method.most} argument{plural}"
