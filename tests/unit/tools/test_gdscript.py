"""What is read from a GDScript."""

from __future__ import annotations

import pytest

from godot_enet.tools.gdscript import rpc_methods

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


def test_a_script() -> None:
    found = {name: (str(method.config), method.fewest, method.most) for name, method in rpc_methods(SCRIPT).items()}
    assert found == {
        "join": ("any_peer, call_local, reliable, channel 2", 1, 3),
        "plain": ("authority, call_remote, reliable, channel 0", 0, 0),
        "fixed": ("authority, call_remote, unreliable_ordered, channel 0", 1, 2),
        "\u00e4rger": ("authority, call_remote, reliable, channel 0", 0, None),
        "many": ("authority, call_remote, reliable, channel 0", 1, None),
    }


@pytest.mark.parametrize("source", ["", "@rpc", "@rpc(", "@rpc func", "func a(", "@rpc func a(b", '"""', "@rpc var x"])
def test_what_is_unfinished_is_no_method(source: str) -> None:
    assert set(rpc_methods(source)) <= {"", "a"}


@pytest.mark.parametrize("options", ['"anybody"', "SOME_CONSTANT", '"reliable", "unreliable"', '1, "any_peer"'])
def test_options_that_there_are_not(options: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        rpc_methods(f"@rpc({options})\nfunc a(): pass")


def test_windows_lines_and_tabs() -> None:
    source = '@rpc("any_peer")\r\nfunc a():\r\n\tpass\r\n\r\n@rpc\r\nfunc b(): pass'
    assert list(rpc_methods(source)) == ["a", "b"]
