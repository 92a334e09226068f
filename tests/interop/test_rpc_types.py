"""RPCs with typed parameters in a real Godot: what it takes, and as what, a Python method takes alike."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from godot_enet.compat.scene.parameters import ArgumentsError
from godot_enet.compat.variant import EncodedObjectAsID, Variant, VariantType, encode_variant, typeof
from tests.unit.compat.scene.test_rpc_arguments import annotation_of, has_no_text, parameters
from tests.unit.tools.test_gdscript import CHANNELS, script

from .conftest import need_godot
from .rpc_world import PARAMETERS, VALUES, VECTORS, Godot, record
from .test_variant import UNDEFINED, sent_as_they_are

pytestmark = pytest.mark.interop

UNSAFE = {(wanted.godot_name, found) for wanted, found in UNDEFINED} | {("Kind", VariantType.TYPE_FLOAT)}
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=6) | st.integers(-9, 9).map(float)
)
values = (
    st.sampled_from(list(sent_as_they_are)).flatmap(lambda kind: sent_as_they_are[kind])
    | st.sampled_from(VALUES)
    | st.lists(scalars, max_size=4)
)


@pytest.fixture(scope="module")
def godot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Godot]:
    executable = need_godot()
    godot = Godot(executable, tmp_path_factory.mktemp("rpc"))
    yield godot
    godot.close()


def test_the_table_is_that_of_this_godot(godot: Godot) -> None:
    assert record(godot) == json.loads(VECTORS.read_text(encoding="utf-8"))


def is_defined(parameter: str, value: Variant) -> bool:
    """Whether Godot does not leave to the processor what comes out."""
    if isinstance(value, EncodedObjectAsID) or has_no_text(parameter, value):
        return False
    kind = typeof(value)
    if kind is VariantType.TYPE_ARRAY and parameter in ("PackedByteArray", "PackedInt32Array", "PackedInt64Array"):
        return not any(isinstance(each, float) and not abs(each) < 2**31 for each in value)
    return (parameter, kind) not in UNSAFE


def ours(parameter: str, value: Variant) -> tuple[str | None, str]:
    """What arrives, encoded, or None and the error."""
    try:
        [came] = parameters(annotation_of(parameter)).fit([value])
    except ArgumentsError as error:
        return None, str(error)
    return encode_variant(came).hex(), ""


@settings(max_examples=25, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(PARAMETERS), values), min_size=20, max_size=80))
def test_fresh_values(godot: Godot, drawn: list[tuple[str, Variant]]) -> None:
    # an empty PackedByteArray is no argument
    batch = [(parameter, value) for parameter, value in drawn if value != b"" and is_defined(parameter, value)]
    answers = godot.receive(([f"x: {parameter}"], [value]) for parameter, value in batch)
    for (parameter, value), answer in zip(batch, answers, strict=True):
        came, error = ours(parameter, value)
        theirs = None if answer.came is None else encode_variant(answer.came[0]).hex()
        assert came == theirs, (parameter, value)
        assert came is not None or answer.errors[-1].endswith(error)


def test_constant_channels_are_read_as_godot_reads_them(godot: Godot) -> None:
    channels = godot.channels([script(expression) for expression in CHANNELS])
    assert dict(zip(CHANNELS, channels, strict=True)) == CHANNELS
