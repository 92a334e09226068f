"""The exceptions of the core."""

from __future__ import annotations

from godot_enet import core
from godot_enet.core import errors
from godot_enet.core.errors import EnetError, HostBusy
from tests.rows import each_row


@each_row("name", errors.__all__)
def test_all_are_public(name: str) -> None:
    error = getattr(errors, name)
    assert getattr(core, name) is error
    assert name in (errors.__doc__ or "")  # the tree in the module's docstring is complete
    assert str(error("why")) == "why"


def test_they_are_one_family_and_nobody_elses() -> None:
    assert EnetError.__bases__ == (Exception,)
    siblings = [getattr(errors, name) for name in errors.__all__ if name not in ("EnetError", "HostBusy")]
    assert all(error.__bases__ == (EnetError,) for error in siblings)


def test_a_call_at_the_wrong_time_is_none_of_them() -> None:
    """What handles EnetError would swallow it."""
    assert HostBusy.__bases__ == (RuntimeError,)
