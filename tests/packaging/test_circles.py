"""Modules import each other in circles only where this says why. No circle is closed while modules are loaded."""

from __future__ import annotations

import pytest

grimp = pytest.importorskip("grimp")

NAMES = "godot_enet.compat."
LAZY: dict[frozenset[str], str] = {
    frozenset({"scene.multiplayer_api", "scene.scene_multiplayer"}): "the usual interface is made on top of its base",
    frozenset({"variant.color", "variant.color_names"}): "the table of names has colors, and is loaded on demand",
    frozenset({"variant.rotations", "variant.vector3"}): "vectors turn by bases, which consist of vectors",
}
"""Closed by an import inside a function, and the reasons."""
NODES = "scene."
"""Nodes know their tree and its multiplayer, which take nodes, as do the modules of their functions, and
``@rpc``, which looks the class of nodes up when it is called."""
FOR_TYPES: dict[frozenset[str], str] = {
    frozenset({"variant.projection", "variant.transforms"}): "each is made from the other",
}
"""Closed by an import for types alone."""


def circles(*, with_types: bool) -> set[frozenset[str]]:
    graph = grimp.build_graph("godot_enet", exclude_type_checking_imports=not with_types, cache_dir=None)
    found = set()
    for module in graph.modules:
        others = graph.find_upstream_modules(module) & graph.find_downstream_modules(module)
        if others:
            found.add(frozenset(name.removeprefix(NAMES) for name in {*others, module}))
    return found


@pytest.mark.parametrize("with_types", [False, True])
def test_circles_are_those_that_have_a_reason(with_types: bool) -> None:
    found = circles(with_types=with_types)
    of_nodes = {circle for circle in found if "scene.node" in circle}
    assert len(of_nodes) == 1
    assert all(name.startswith(NODES) for circle in of_nodes for name in circle)
    named = {*LAZY, *FOR_TYPES} if with_types else {*LAZY}
    if with_types:
        named = {circle for circle in named if not circle <= set().union(*of_nodes)}
    assert found - of_nodes == named
