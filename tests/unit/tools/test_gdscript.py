"""What is read from a GDScript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from godot_enet.tools.gdscript import read_script, rpc_methods
from godot_enet.tools.gdscript_constants import evaluate
from tests.rows import each_row

SCRIPT = '''\
@tool
extends "res://base.gd"
class_name Lobby
## @rpc func in_a_comment(): pass
const TEXT := "@rpc func in_text(): pass" + 'it\\'s # no comment'
const LONG := """
@rpc
func in_long_text(): pass
"""
@export var size := {"a": [1, 2]}: set = set_size

class Inner:
	@rpc("any_peer")
	func of_another_class(): pass

@rpc("any_peer", # anybody
	"call_local",
	'reliable', 2)
@warning_ignore("unused_parameter")
func join(name: String, colours := [1, 2], text = "x, (y") -> void:
	@warning_ignore("x")
	var callback := func(): pass
	_helper(func(a, b): return a)

@rpc func plain(): pass
func not_for_others(a): pass
@rpc("unreliable_ordered") static func fixed(
	a: int,
	b: Dictionary[String, int] = {},
	# c
) -> Array[int]: return []
@rpc("authority")

func \u00e4rger(...rest): pass
@rpc
func many(first, ...rest: Array): pass
'''


def test_the_rpc_methods_of_a_script_are_found() -> None:
    found = {name: (str(method.config), method.fewest, method.most) for name, method in rpc_methods(SCRIPT).items()}
    assert found == {
        "join": ("any_peer, call_local, reliable, channel 2", 1, 3),
        "plain": ("authority, call_remote, reliable, channel 0", 0, 0),
        "fixed": ("authority, call_remote, unreliable_ordered, channel 0", 1, 2),
        "\u00e4rger": ("authority, call_remote, reliable, channel 0", 0, None),
        "many": ("authority, call_remote, reliable, channel 0", 1, None),
    }


@each_row("source", ["", "@rpc", "@rpc(", "@rpc func", "func a(", "@rpc func a(b", '"""', "@rpc var x"])
def test_what_is_unfinished_is_no_method(source: str) -> None:
    assert set(rpc_methods(source)) <= {"", "a"}


@pytest.mark.parametrize("options", ['"anybody"', "SOME_CONSTANT", '"reliable", "unreliable"', '1, "any_peer"'])
def test_unknown_options_are_refused(options: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        rpc_methods(f"@rpc({options})\nfunc a(): pass")


def test_windows_lines_and_tabs_make_no_difference() -> None:
    source = '@rpc("any_peer")\r\nfunc a():\r\n\tpass\r\n\r\n@rpc\r\nfunc b(): pass'
    assert list(rpc_methods(source)) == ["a", "b"]


CONSTANTS = """\
extends Node
const CHANNEL = 2
const LATER := EARLIER + 1
const EARLIER = 4
const REAL: float = 7.9
const BY_NAME: Dictionary = {"a": 3, "b": 5}
const LUA_STYLE = {a = 3}
const BY_PLACE := [4, 5]
enum Channels { CHAT, MOVES = 5, LAST }
enum { FIRST = 7, SECOND, THIRD = 1 << 4, FOURTH }
enum Chained { A, B = A + 3, C = B * 2, D }
class Inner extends Node:
	const CHANNEL = 3
	enum Kind { X = 11 }
	class Deeper:
		const CHANNEL = 12
"""
CHANNELS: dict[str, int | None] = {
    "7": 7, "-1": -1, "0x10": 16, "0b11": 3, "1_0": 10, "0010": 10, "300": 300, "4294967299": 3, "2.0": 2,
    "REAL": 7, "true": 1,
    "CHANNEL": 2, "LATER": 5, "self.CHANNEL": 2, "1 + 2 * CHANNEL": 5, "(1 + 2) * CHANNEL": 6, "1 + 2.7": 3,
    "7 / 2": 3, "-7 / 2": -3, "-7 % 3": -1, "9.5 / 2": 4, "2 ** 3": 8, "(1 << 3) | 1": 9, "6 & 3": 2, "6 ^ 3": 5,
    "16 >> 2": 4, "-~4": 5, "3 if CHANNEL == 2 else 4": 3, "1 if not false else 2": 1, "true and 3": 1, "0 or 0": 0,
    "CHANNEL as int": 2, "CHANNEL as Channels": 2, "3 if 5 in BY_PLACE else 4": 3, "PI": 3, "TYPE_INT": 2,
    "Channels.CHAT": 0, "Channels.MOVES": 5, "Channels.LAST": 6, 'Channels["MOVES"]': 5, "FIRST": 7, "SECOND": 8,
    "THIRD": 16, "FOURTH": 17, "Chained.B": 3, "Chained.C": 6, "Chained.D": 7, "BY_NAME.a": 3, "LUA_STYLE.a": 3,
    'BY_NAME["b"]': 5,
    "BY_PLACE[1]": 5, "Inner.CHANNEL": 3, "Inner.Kind.X": 11, "Inner.Deeper.CHANNEL": 12, "After.CHANNEL": 9,
    "MultiplayerPeer.TRANSFER_MODE_RELIABLE": 2, "MultiplayerPeer.TransferMode.TRANSFER_MODE_RELIABLE": 2,
    "Vector2i(1, 2).y": 2, "int(3.5)": 3, "max(3, 4)": 4, "mini(3, 4)": 3, "clampi(9, 1, 5)": 5, 'len("abc")': 3,
    "maxi(\n\tCHANNEL, # the larger\n\tChannels.CHAT\n)": 2,
}  # fmt: skip
"""Expressions for a channel, and what Godot 4.6.3 makes of them; the interop tests ask it again."""


def script(expression: str) -> str:
    """A script with that channel for ``f``; constants may come after their use."""
    used = f'@rpc("any_peer", "call_local", "reliable", {expression})\nfunc f(): pass\n'
    return f"{CONSTANTS}{used}class After:\n\tconst CHANNEL = 9\n"


@each_row("expression", CHANNELS)
def test_a_channel_may_be_any_constant(expression: str) -> None:
    assert rpc_methods(script(expression))["f"].config.channel == CHANNELS[expression]


@pytest.mark.parametrize("mode", ["MODE", '"any" + "_peer"', "&'any_peer'", "Words.MODE", "r'any_peer'"])
def test_the_words_may_be_constants(mode: str) -> None:
    source = f'const MODE = "any_peer"\nclass Words:\n\tconst MODE = "any_peer"\n@rpc({mode}) func f(): pass'
    assert rpc_methods(source)["f"].config.mode == 1


@each_row("expression", ["1 +", "1 1", "foo()", "{}", "1 / 0", "2 ** 99", "1 << 99", "LOOP", "[1][5]", "BACK", "'x'"])
def test_what_is_no_constant_is_refused(expression: str) -> None:
    source = "const LOOP = BACK + 1\nconst BACK = LOOP\n"
    with pytest.raises(ValueError, match="cannot be read"):
        rpc_methods(f'{source}@rpc("any_peer", "call_local", "reliable", {expression})\nfunc f(): pass')


@pytest.mark.parametrize(
    "channel", ["Net.CHANNEL", "Node.AUTO_TRANSLATE_MODE_ALWAYS", "Node.AutoTranslateMode.AUTO_TRANSLATE_MODE_ALWAYS"]
)
def test_a_channel_that_is_not_known_is_told(channel: str) -> None:
    """Of another script, or of a class of Godot's that has more there than here."""
    method = rpc_methods(f'@rpc("any_peer", "call_local", "reliable", {channel})\nfunc f(): pass')["f"]
    assert (method.unknown_channel, method.config.channel) == (channel, 0)


def test_constants_of_other_scripts_are_found(tmp_path: Path) -> None:
    files = {
        "project.godot": "",
        "net/net.gd": "class_name Net\nextends Node\nenum Ch { A = 3 }\nconst OTHER = Far.X + 1",
        "net/far.gd": "@tool\nclass_name Far extends RefCounted\nconst X = 40\nconst BACK = Net.Ch.A",
        "base.gd": "const FROM_BASE = 6\nclass Kinds:\n\tconst K = 8",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    source = """\
extends "base.gd"
const Loaded = preload("res://net/net.gd")
const Beside := preload("net/far.gd")
"""
    channels = {
        "Net.Ch.A": 3, "Net.OTHER": 41, "Loaded.Ch.A": 3, "Beside.X": 40, "Beside.BACK": 3, "FROM_BASE": 6,
        "Kinds.K": 8, 'preload("net/net.gd").Ch.A': 3,
    }  # fmt: skip
    for expression, channel in channels.items():
        text = f'{source}@rpc("any_peer", "call_local", "reliable", {expression})\nfunc f(): pass'
        assert read_script(text, tmp_path / "a.gd").methods()["f"].config.channel == channel, expression


def test_a_base_is_not_sought_in_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep the interpreter's stack is."""
    sought: list[list[str]] = []

    def counted(tokens: list[str], *how: Any) -> Any:
        sought.append(tokens)
        return evaluate(tokens, *how)

    monkeypatch.setattr("godot_enet.tools.gdscript.evaluate", counted)
    text = 'extends RefCounted\nconst X = 40\n@rpc("any_peer", "call_local", "reliable", X + 1)\nfunc f(): pass'
    assert read_script(text).methods()["f"].config.channel == 41
    assert sought.count(["RefCounted"]) < 10


INNER = """\
extends Node
class A extends Node:
    @rpc("any_peer")
    func a(): pass
    const X = 5

    class C:
        @rpc func c(): pass

class B extends A:
    # a comment
    @rpc("any_peer", "call_local", "reliable", X)
    func b(x):
        pass
class One extends Node: @rpc func one(): pass
@rpc
func outer(): pass
"""


def test_classes_inside_a_script_have_their_own_methods() -> None:
    found = read_script(INNER)
    assert list(found.methods()) == ["outer"]
    assert list(found.classes) == ["A", "B", "One"]
    assert list(found.classes["A"].methods()) == ["a"]
    assert list(found.classes["A"].classes["C"].methods()) == ["c"]
    assert list(found.classes["One"].methods()) == ["one"]
    of_b = found.classes["B"].methods()
    assert list(of_b) == ["a", "b"]
    assert of_b["b"].config.channel == 5


FORMS = """\
@rpc("any_peer") func a(x: int = 3, y := 4, z: Dictionary[String, int] = {"k": 1}, w = func(p, q): return p): pass
@rpc
@warning_ignore("unused_parameter")
# between
static func b(x: Array[Dictionary],
    y) -> void: pass; pass
@rpc(
    "any_peer", # who
    "call_local",
) func c(...rest: Array) -> Array[int]: return []
var callback := func(x): return x
@rpc func d(): var f = func(): pass
@export var v := 3:
    set(value): v = value
@export_range(0, 3)
var w = 1; @rpc func e(): pass
@rpc("any_peer") \\
    func f(a, b = [1, 2] if true else []): pass
signal hit(damage: int)
@rpc func g(a = "(", b = ")"): pass
"""


def test_parameters_are_counted_in_every_form_of_declaration() -> None:
    found = {name: (method.fewest, method.most) for name, method in rpc_methods(FORMS).items()}
    assert found == {"a": (0, 4), "b": (2, 2), "c": (0, None), "d": (0, 0), "e": (0, 0), "f": (1, 2), "g": (0, 2)}


MESSY = """\
@tool
extends Node

## doc comment @rpc func no(): pass
@export var speed := 1 # @rpc
@onready var z = $A

# comment between
@rpc # trailing comment
# comment line between

func a1(): pass

@rpc(
	"any_peer", # who
	"call_local", # what

	"reliable", # how
	3 # channel
)
func a2(
	a: int, # first
	b := [1, 2, (3)], # default with brackets
	c: Dictionary = {"x": func(q): return q},
	... rest
) -> void:
	pass

@rpc("any_peer")
@warning_ignore("unused_parameter")
func a3(x): pass

@warning_ignore("unused_parameter") @rpc("any_peer") static func a4(): pass



func after(): pass
@rpc("any_peer", \\
 "unreliable_ordered")
func a5(): pass
var lam = func():
	pass
@rpc func a6(): var x = 1; pass
@rpc('authority', "call_local") func a7(s: String = "a)b(\\"", t = '#not comment'): pass
class Inner extends Node:
	@rpc("any_peer")
	func inner(): pass
	class Deep:
		@rpc func deep(): pass
@rpc
func a8(x, y = 2,): pass
\"""
@rpc
func in_string(): pass
\"""
@rpc func a9(): return \"""
@rpc func nope(): pass
\"""
var prop: int:
	set(v):
		prop = v
@rpc
func a10(): pass
@rpc()
func a12(): pass
@rpc	("any_peer")
func	a13	(  )	:	pass
@rpc("any_peer",)
func a14(): pass
"""
"""Godot 4.6 lists the same methods with the same options."""


def test_comments_annotations_and_line_breaks() -> None:
    script = read_script(MESSY)
    found = {name: (str(method.config), method.fewest, method.most) for name, method in script.methods().items()}
    plain = "authority, call_remote, reliable, channel 0"
    anybody = "any_peer, call_remote, reliable, channel 0"
    assert found == {
        "a1": (plain, 0, 0),
        "a2": ("any_peer, call_local, reliable, channel 3", 1, None),
        "a3": (anybody, 1, 1),
        "a4": (anybody, 0, 0),
        "a5": ("any_peer, call_remote, unreliable_ordered, channel 0", 0, 0),
        "a6": (plain, 0, 0),
        "a7": ("authority, call_local, reliable, channel 0", 0, 2),
        "a8": (plain, 1, 2),
        "a9": (plain, 0, 0),
        "a10": (plain, 0, 0),
        "a12": (plain, 0, 0),
        "a13": (anybody, 0, 0),
        "a14": (anybody, 0, 0),
    }
    assert list(script.classes["Inner"].methods()) == ["inner"]
    assert list(script.classes["Inner"].classes["Deep"].methods()) == ["deep"]


def test_an_annotation_of_a_variable_is_none_of_the_next_method() -> None:
    assert rpc_methods("@rpc\n@export var between := 3\nfunc a(): pass\n") == {}


def test_methods_know_their_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "base.gd").write_text('extends Node\n"""\ntext\n"""\n@rpc\nfunc a(\n\tb,\n): pass\n', encoding="utf-8")
    path = tmp_path / "a.gd"
    path.write_text('extends "base.gd"\n\n@rpc func c(): pass\nclass I: @rpc func d(): pass\n', encoding="utf-8")
    script = read_script(path.read_text(encoding="utf-8"), path)
    found = {name: (method.path, method.line) for name, method in script.methods(inherited=True).items()}
    assert found == {"a": (tmp_path / "base.gd", 6), "c": (path, 3)}
    assert list(script.methods()) == ["c"]
    assert script.classes["I"].methods()["d"].line == 4
