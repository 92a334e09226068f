"""Variants through a real Godot: it decodes what we encode, and computes what we compute."""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from godot_enet.compat.variant import (
    Array,
    DecodeError,
    Dictionary,
    EncodedObjectAsID,
    Variant,
    VariantType,
    bytes_to_var,
    decode_variant,
    encode_variant,
    typeof,
)
from tests.property.test_variant import BY_TYPE, SEEDS, changes
from tests.unit.compat.variant.test_golden import Case, check_computed, check_each, load

from .conftest import need_godot
from .variant_world import Godot

pytestmark = pytest.mark.interop

AT_ONCE = 200
"""Expressions in one script: more than a few hundred take GDScript's compiler seconds."""
sent_as_they_are: dict[VariantType, st.SearchStrategy[Any]]
sent_as_they_are = {kind: values for kind, values in BY_TYPE.items() if kind is not VariantType.TYPE_OBJECT}
"""An object's number comes back as the number of the wrapper that Godot has put around it."""
leaves = st.one_of(*sent_as_they_are.values())
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(inner, inner), max_size=3).map(Dictionary),
    max_leaves=10,
)
UNDEFINED = {
    (VariantType.TYPE_INT, VariantType.TYPE_FLOAT),
    (VariantType.TYPE_VECTOR2I, VariantType.TYPE_VECTOR2),
    (VariantType.TYPE_VECTOR3I, VariantType.TYPE_VECTOR3),
    (VariantType.TYPE_VECTOR4I, VariantType.TYPE_VECTOR4),
    (VariantType.TYPE_RECT2I, VariantType.TYPE_RECT2),
    (VariantType.TYPE_QUATERNION, VariantType.TYPE_BASIS),
    (VariantType.TYPE_BASIS, VariantType.TYPE_QUATERNION),
    (VariantType.TYPE_TRANSFORM3D, VariantType.TYPE_QUATERNION),
}
"""Wanted and found types where most values are nonsense: floats far too large for ints, matrices that do not turn. The
unit tests convert the others."""
OBJECT = b"\x18"
NO_OBJECTS = [seed for seed in SEEDS if OBJECT not in seed and len(seed) < 1000]
conversions = (
    st.tuples(st.sampled_from(list(BY_TYPE)), st.sampled_from(list(sent_as_they_are)))
    .filter(lambda pair: pair not in UNDEFINED)
    .flatmap(lambda pair: st.tuples(st.just(pair[0]), BY_TYPE[pair[1]]))
)
in_batches = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def godot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Godot]:
    executable = need_godot()
    godot = Godot(executable, tmp_path_factory.mktemp("variant"))
    yield godot
    godot.close()


def type_name(value: Variant) -> str:
    return typeof(value).name.removeprefix("TYPE_").replace("_", "").lower()


def ours(data: bytes) -> bytes:
    """What our decoder makes of bytes, encoded again."""
    return encode_variant(decode_variant(data)[0])


@pytest.mark.parametrize("kind", sent_as_they_are, ids=lambda kind: kind.name)
def test_fresh_values_of_each_type(godot: Godot, kind: VariantType) -> None:
    @in_batches
    @given(st.lists(sent_as_they_are[kind], min_size=10, max_size=40))
    def come_back(batch: list[Variant]) -> None:
        coded = [encode_variant(value) for value in batch]
        names = [type_name(value) for value in batch]
        assert [(data, name.lower()) for data, name in godot.round_trip(coded)] == list(zip(coded, names, strict=True))

    come_back()


@in_batches
@given(st.lists(values, min_size=10, max_size=40))
def test_fresh_values_in_containers(godot: Godot, batch: list[Variant]) -> None:
    coded = [encode_variant(value) for value in batch]
    assert [data for data, _ in godot.round_trip(coded)] == coded


@in_batches
@given(st.data())
def test_fresh_typed_containers(godot: Godot, data: st.DataObject) -> None:
    kinds = st.sampled_from(list(sent_as_they_are))
    batch: list[Variant] = []
    for _ in range(20):
        key, value = data.draw(kinds), data.draw(kinds)
        batch.append(Array(data.draw(st.lists(sent_as_they_are[value], max_size=3)), value))
        pairs = data.draw(st.lists(st.tuples(sent_as_they_are[key], sent_as_they_are[value]), max_size=3))
        batch.append(Dictionary(pairs, key, "", None, value))
    coded = [encode_variant(value) for value in batch]
    assert [came for came, _ in godot.round_trip(coded)] == coded


def test_an_object_becomes_a_number(godot: Godot) -> None:
    ((data, name),) = godot.round_trip([encode_variant(EncodedObjectAsID(5))])
    assert name == "Object"
    assert type(bytes_to_var(data)) is EncodedObjectAsID


@in_batches
@given(st.lists(conversions, min_size=10, max_size=40))
def test_elements_of_another_type_are_converted_alike(godot: Godot, batch: list[tuple[VariantType, Variant]]) -> None:
    coded = [pack("<III", VariantType.TYPE_ARRAY | 1 << 16, kind, 1) + encode_variant(value) for kind, value in batch]
    assert [came for came, _ in godot.round_trip(coded)] == [ours(value) for value in coded]


@in_batches
@given(st.lists(st.tuples(st.sampled_from(NO_OBJECTS), changes), min_size=10, max_size=40))
def test_damaged_values_are_taken_alike(godot: Godot, damaged: list[tuple[bytes, tuple[int, bytes, int]]]) -> None:
    coded = []
    for seed, (place, put, taken) in damaged:
        at = place % (len(seed) + 1)
        coded.append(seed[:at] + put.replace(OBJECT, b"") + seed[at + taken :])
    for data, (came, _) in zip(coded, godot.round_trip(coded), strict=True):
        try:
            expected = ours(data)
        except DecodeError:
            expected = encode_variant(None)
        assert came == expected, data


def test_known_values_are_what_this_godot_encodes(godot: Godot) -> None:
    expected = load("variant.json")
    assert godot.evaluate([case["expr"] for case in expected]) == [bytes.fromhex(case["hex"]) for case in expected]


@pytest.mark.parametrize("name", ["variant_math.json", "variant_methods.json"])
def test_known_values_are_what_this_godot_computes(godot: Godot, name: str) -> None:
    cases = load(name)
    computed: dict[str, bytes] = {}
    for start in range(0, len(cases), AT_ONCE):
        part = [case["expr"] for case in cases[start : start + AT_ONCE]]
        computed.update(zip(part, godot.evaluate(part), strict=True))

    def check(case: Case) -> None:
        check_computed(bytes_to_var(computed[case["expr"]]), case)

    check_each(cases, check)
