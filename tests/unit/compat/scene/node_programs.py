"""Programs for the vectors: what Godot does with names, with the order of callbacks, with changes inside callbacks."""

from __future__ import annotations

from tests.unit.compat.scene.tree_programs import Program

__all__ = ["PROGRAMS"]


def _family(*children: str, name: str = "p") -> Program:
    """A parent with children, not in the tree yet."""
    made: Program = [["new", name, name]]
    for child in children:
        made += [["new", child, child], ["add", name, child]]
    return made


def _named(*names: str, readable: bool) -> Program:
    made: Program = []
    for number, name in enumerate(names):
        made += [["new", f"k{number}", name], ["add", "root", f"k{number}", readable]]
    return [*made, ["names", "root"]]


def _renamed(*names: str) -> Program:
    """Siblings A, A2, B; then B is renamed to each of these."""
    made: Program = [["new", key, key] for key in ("A", "A2", "B")]
    made += [["add", "root", key] for key in ("A", "A2", "B")]
    for name in names:
        made += [["rename", "B", name], ["name", "B"], ["names", "root"]]
    return made


PROGRAMS: dict[str, Program] = {
    "names: equal ones": _named("A", "A", "A", "", "", "B", "B", readable=False),
    "names: readable": _named("A", "A", "A", "", "", "B1", "B1", "Node", "", readable=True),
    "names: numbers at the end": _named(*["A9", "A9", "A09", "A09", "A009", "A009", "A99", "A99"], readable=True),
    "names: only numbers": _named("9", "9", "0", "0", "00", "00", "1", "1", readable=True),
    "names: other characters": _named('a.b:c@d/e"f%g', "a b", " ", "\n", "Zoë", "Zoë", "٣", "٣", readable=True),
    "names: a gap": [*_named("A", "A", "A", "A", readable=True), ["free", "k1"], *_named("A", "A", readable=True)],
    "names: unnamed, then readable": [*_named("", "", readable=False), *_named("", "", "Node", readable=True)],
    "renaming": _renamed("A", "A", "A2", "B", "A", "", "A9", "A3", "a/b", "@A@2"),
    "renaming out of the tree": [
        ["new", "a", "A"],
        ["new", "b", "A"],
        ["rename", "a", "B"],
        ["name", "a"],
        ["new", "p", "P"],
        ["add", "p", "a"],
        ["add", "p", "b"],
        ["rename", "a", "A"],
        ["names", "p"],
    ],
    "a unique name is kept": [
        *_named("A", "A", readable=False),
        ["new", "p", "P"],
        ["add", "root", "p"],
        ["reparent", "k1", "p"],
        ["names", "p"],
        ["reparent", "k1", "root"],
        ["names", "root"],
        ["rename", "k1", "A"],
        ["names", "root"],
    ],
    "moving to where the name is taken": [
        *_family("A", name="p"),
        *_family(name="q"),
        ["new", "b", "A"],
        ["add", "q", "b"],
        ["add", "root", "p"],
        ["add", "root", "q"],
        ["reparent", "b", "p"],
        ["names", "p"],
        ["reparent", "b", "b"],
        ["reparent", "b", "p"],
    ],
    "order": [
        *_family("c1", "c2"),
        ["add", "root", "p"],
        ["frame"],
        ["remove", "root", "p"],
        ["add", "root", "p"],
        ["frame"],
    ],
    "order: three deep": [
        *_family("c1", "c2"),
        ["new", "g1", "g1"],
        ["new", "g2", "g2"],
        ["add", "c1", "g1"],
        ["add", "c2", "g2"],
        ["add", "root", "p"],
        ["frame"],
        ["free", "p"],
    ],
    "order: added in _enter_tree": [
        *_family("c1", "c2"),
        ["new", "early", "early"],
        ["on", "p", "enter", [["add", "p", "early"]]],
        ["add", "root", "p"],
        ["frame"],
    ],
    "order: added in _ready": [
        *_family("c1", "c2"),
        ["new", "late", "late"],
        ["on", "p", "ready", [["add", "p", "late"]]],
        ["add", "root", "p"],
        ["frame"],
    ],
    "order: a sibling added in a child's _ready": [
        *_family("c1", "c2"),
        ["new", "late", "late"],
        ["on", "c1", "ready", [["add", "p", "late"]]],
        ["on", "c2", "enter", [["remove", "p", "c1"]]],
        ["add", "root", "p"],
        ["frame"],
    ],
    "order: a sibling added in _ready": [
        ["new", "a", "a"],
        ["new", "b", "b"],
        ["on", "a", "ready", [["add", "root", "b"]]],
        ["add", "root", "a"],
        ["frame"],
    ],
    "order: of processing is that of the tree": [
        *_family("c1"),
        ["new", "q", "q"],
        ["add", "root", "q"],
        ["add", "root", "p"],
        ["new", "c0", "c0"],
        ["add", "q", "c0"],
        ["frame"],
        ["remove", "root", "q"],
        ["add", "root", "q"],
        ["frame"],
        ["reparent", "c1", "q"],
        ["frame"],
    ],
    "processing: added, moved, removed, freed meanwhile": [
        *_family("c1", "c2", "c3", "c4"),
        ["new", "n", "n"],
        ["add", "root", "p"],
        ["on", "p", "process", [["add", "p", "n"], ["reparent", "c1", "root"], ["remove", "p", "c2"], ["free", "c3"]]],
        ["frame"],
        ["frame"],
    ],
    "processing: out and back": [
        *_family("c1", "c2"),
        ["add", "root", "p"],
        ["on", "p", "process", [["remove", "p", "c1"], ["add", "p", "c1"]]],
        ["frame"],
        ["frame"],
    ],
    "processing: queued for deletion": [
        *_family("c1", "c2"),
        ["add", "root", "p"],
        ["on", "p", "process", [["queue_free", "c1"], ["queue_free", "p"]]],
        ["frame"],
        ["state", "c2"],
        ["frame"],
    ],
    "queue_free: one more while others go": [
        *_family("c1"),
        ["new", "q", "q"],
        ["add", "root", "p"],
        ["add", "root", "q"],
        ["on", "c1", "exit", [["queue_free", "q"]]],
        ["queue_free", "p"],
        ["queue_free", "p"],
        ["frame"],
        ["frame"],
    ],
    "queue_free: out of the tree": [
        *_family("c1"),
        ["queue_free", "p"],
        ["state", "p"],
        ["add", "root", "p"],
        ["frame"],
        ["state", "p"],
    ],
    "ready once more": [
        *_family("c1"),
        ["add", "root", "p"],
        ["request_ready", "p"],
        ["state", "p"],
        ["remove", "root", "p"],
        ["add", "root", "p"],
        ["state", "p"],
        ["request_ready", "c1"],
        ["frame"],
        ["reparent", "c1", "root"],
    ],
    "raising everywhere": [
        *_family("c1", "c2"),
        *[
            ["on", key, moment, [["raise"]]]
            for key in ("p", "c1", "c2")
            for moment in ("enter", "ready", "process", "exit")
        ],
        ["add", "root", "p"],
        ["frame"],
        ["frame"],
        ["queue_free", "p"],
        ["frame"],
        ["names", "root"],
    ],
    "raising: a listener": [
        *_family("c1", "c2"),
        ["add", "root", "p"],
        ["connect", "p", "c1"],
        ["connect", "p", "c2"],
        ["on", "c1", "heard", [["raise"]]],
        ["emit", "p"],
        ["emit", "p"],
    ],
    "signals: a listener that is freed": [
        *_family("c1", "c2", "c3"),
        ["add", "root", "p"],
        ["connect", "p", "c1"],
        ["connect", "p", "c2"],
        ["connect", "p", "c3"],
        ["emit", "p"],
        ["remove", "p", "c1"],
        ["emit", "p"],
        ["free", "c1"],
        ["emit", "p"],
        ["connections", "p"],
        ["queue_free", "c2"],
        ["emit", "p"],
        ["frame"],
        ["emit", "p"],
        ["connections", "p"],
    ],
    "signals: freed while it is emitted": [
        *_family("c1", "c2", "c3"),
        ["add", "root", "p"],
        ["connect", "p", "c1"],
        ["connect", "p", "c2"],
        ["connect", "p", "c3"],
        ["on", "c1", "heard", [["free", "c2"]]],
        ["emit", "p"],
        ["connections", "p"],
    ],
    "signals: freed before a deferred call": [
        *_family("c1", "c2"),
        ["add", "root", "p"],
        ["connect", "p", "c1", 1],
        ["connect", "p", "c2", 1],
        ["emit", "p"],
        ["free", "c1"],
        ["frame"],
        ["connections", "p"],
    ],
    "signals: deferred calls and the frame": [
        *_family("c1"),
        ["add", "root", "p"],
        ["connect", "p", "c1", 1],
        ["on", "p", "process", [["emit", "p"]]],
        ["on", "p", "exit", [["emit", "p"]]],
        ["emit", "p"],
        ["frame"],
        ["frame"],
        ["queue_free", "p"],
        ["frame"],
    ],
    "signals: once only": [
        *_family("c1"),
        ["add", "root", "p"],
        ["connect", "p", "c1", 4],
        ["on", "c1", "heard", [["emit", "p"]]],
        ["emit", "p"],
        ["connections", "p"],
        ["connect", "p", "c1", 5],
        ["emit", "p"],
        ["emit", "p"],
        ["frame"],
    ],
    "what is refused": [
        *_family("c1"),
        ["add", "p", "p"],
        ["add", "c1", "p"],
        ["add", "root", "c1"],
        ["remove", "root", "c1"],
        ["new", "a", "a"],
        ["reparent", "a", "p"],
        ["rename", "a", ""],
    ],
}
