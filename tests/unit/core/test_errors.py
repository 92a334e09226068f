"""The exceptions of the core."""

from __future__ import annotations

import pytest

from godot_enet import core
from godot_enet.core import errors
from godot_enet.core.errors import EnetError


@pytest.mark.parametrize("name", errors.__all__)
def test_all_are_one_family_and_public(name: str) -> None:
    error = getattr(errors, name)
    assert issubclass(error, EnetError)
    assert getattr(core, name) is error
    assert name in (errors.__doc__ or "")  # the tree in the module's docstring is complete
    assert str(error("why")) == "why"


def test_they_are_nobody_elses() -> None:
    assert EnetError.__bases__ == (Exception,)
    siblings = [getattr(errors, name) for name in errors.__all__ if name != "EnetError"]
    assert all(error.__bases__ == (EnetError,) for error in siblings)
