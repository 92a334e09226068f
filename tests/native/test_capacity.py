"""A function that fills the caller's buffer is told how much fits, whatever the library was built with."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from godot_enet.core.native import library
from godot_enet.core.native.loader import load_library
from godot_enet.core.native.structs import c_config
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.drops import Drop

pytestmark = pytest.mark.native

SOURCES = Path(__file__).parent.parent.parent / "godot_enet" / "core" / "native" / "src"
UNTOUCHED = 0xAAAA_AAAA_AAAA_AAAA


def counts(size: int) -> ctypes.Array[ctypes.c_uint64]:
    return (ctypes.c_uint64 * size)(*[UNTOUCHED] * size)


@pytest.fixture
def forty(tmp_path: Path) -> ctypes.CDLL:
    """A library that knows forty causes; as far as the loader can tell it is ours."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    shutil.copytree(SOURCES, tmp_path / "src")
    header = tmp_path / "src" / "gde_generated.h"
    text = header.read_text(encoding="utf-8")
    assert f"DROP_COUNT = {len(Drop)}," in text
    header.write_text(text.replace(f"DROP_COUNT = {len(Drop)},", "DROP_COUNT = 40,"), encoding="utf-8")
    made = tmp_path / "_gde.so"
    command = [compiler, "-std=c11", "-O0", "-shared", "-fPIC", "-o", str(made), "-lpthread"]
    subprocess.run([*command, *map(str, (tmp_path / "src").glob("*.c"))], check=True, timeout=120)
    return load_library(str(made))


@pytest.mark.long
def test_a_library_with_more_causes_stays_within_the_buffer(forty: ctypes.CDLL) -> None:
    config = ctypes.byref(c_config(HostConfig()))
    engine, host, error = forty.gde_engine_create(config), None, ctypes.c_int32()
    try:
        host = forty.gde_host_create(config, None, 0, ctypes.byref(error))
        assert engine
        assert host
        for call, whose in ((forty.gde_drops, engine), (forty.gde_host_drops, host)):
            buffer = counts(40)
            assert call(whose, buffer, len(Drop)) == 40
            assert buffer[:] == [0] * len(Drop) + [UNTOUCHED] * (40 - len(Drop))
            assert call(whose, buffer, 40) == 40
            assert buffer[:] == [0] * 40
    finally:
        forty.gde_engine_destroy(engine)
        if host:
            forty.gde_host_free(host)


@pytest.mark.parametrize("capacity", [-1, 0, 1, len(Drop) - 1, len(Drop), 1 << 30])
def test_counts_of_drops(capacity: int) -> None:
    engine = library().gde_engine_create(ctypes.byref(c_config(HostConfig())))
    buffer = counts(len(Drop) + 1)
    assert library().gde_drops(engine, buffer, capacity) == len(Drop)
    written = max(0, min(capacity, len(Drop)))
    assert buffer[:] == [0] * written + [UNTOUCHED] * (len(Drop) + 1 - written)
    library().gde_engine_destroy(engine)


@pytest.mark.parametrize("capacity", [-1, 0, 3])
def test_layouts(capacity: int) -> None:
    numbers = (ctypes.c_uint32 * 4)(*[0xAAAAAAAA] * 4)
    assert library().gde_layout(numbers, capacity) > 4
    assert numbers[max(0, capacity)] == 0xAAAAAAAA
