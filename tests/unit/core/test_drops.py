"""The causes for which something is dropped."""

from __future__ import annotations

from godot_enet.core.protocol.drops import Drop


def test_causes_are_numbered_without_a_gap_and_can_be_looked_up() -> None:
    assert [int(cause) for cause in Drop] == list(range(len(Drop)))
    assert Drop(int(Drop.CHECKSUM)) is Drop.CHECKSUM


def test_each_has_an_explanation_of_its_own() -> None:
    assert all(cause.explanation for cause in Drop)
    assert len({cause.explanation for cause in Drop}) == len(Drop)


def test_what_is_not_sent_is_told_apart() -> None:
    assert {cause for cause in Drop if cause.outgoing} == {Drop.QUEUED_DATA_FULL, Drop.HOST_QUEUED_FULL}
    assert not any(cause.expected for cause in Drop if cause.outgoing)
