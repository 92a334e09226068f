"""Every module of the core, of the compat layer and of what is for tests has its test file.

For ``core/engine/channel.py`` that is ``tests/unit/core/test_channel.py``: the same folder or one above it, with or
without the sub-package's name in front (``test_engine_channel.py``). What is better tested elsewhere is named below.
"""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath

import pytest

TESTS = Path(__file__).parent.parent
PACKAGE = TESTS.parent / "godot_enet"

ELSEWHERE: dict[str, list[str]] = {
    # Whole conversations say more about these than calls of single functions.
    "core/engine/budget.py": ["scenario/test_budget.py"],
    "core/engine/commands.py": ["scenario/test_packing.py", "scenario/test_reliability.py"],
    "core/engine/engine.py": ["scenario/test_service.py", "scenario/test_disconnect.py", "scenario/test_handshake.py"],
    "core/engine/incoming.py": ["scenario/test_wire.py", "scenario/test_hostile.py", "scenario/test_sequencing.py"],
    "core/engine/outgoing.py": ["scenario/test_packing.py", "scenario/test_fragments.py", "scenario/test_throttle.py"],
    "core/engine/peer.py": ["scenario/test_service.py"],
    "core/engine/repair.py": ["interrupt/test_engine.py"],
    "compat/enet_peers.py": [
        "unit/compat/test_enet_multiplayer_peer.py",
        "unit/compat/test_enet_multiplayer_peer_connected.py",
    ],
    # The whole table of conversions, through calls.
    "compat/scene/annotations.py": ["unit/compat/scene/test_parameters.py", "unit/compat/scene/test_rpc_arguments.py"],
    "compat/variant/conversions.py": ["unit/compat/scene/test_rpc_arguments.py"],
    # These need threads, sockets and time.
    "core/drivers/aio.py": ["drivers/test_aio.py"],
    "core/drivers/inline.py": ["drivers/test_inline.py", "drivers/test_blocking.py", "drivers/test_lifetime.py"],
    "core/drivers/thread.py": ["drivers/test_thread.py", "drivers/test_concurrency.py", "isolated/test_processes.py"],
    "core/drivers/waiting.py": ["drivers/test_waiting.py"],
    "core/transports/impaired.py": ["unit/core/test_sim_impaired.py"],
    # The other engine does what the one in Python does, and all tests of behaviour run on both.
    "core/native/engine.py": ["equivalence/test_programs.py", "equivalence/test_corners.py"],
    "core/native/host.py": ["unit/core/test_host.py", "native/test_threads.py", "native/test_switching.py"],
    "core/native/loader.py": ["native/test_loader.py"],
    "core/native/records.py": ["native/test_misuse.py", "equivalence/test_programs.py"],
    "compat/hot.py": ["native/test_switching.py", "unit/compat/test_enet_connection_compression.py"],
    # One stage, tested as a whole and piece by piece in a folder of its own.
    "core/dtls/admission.py": ["dtls/test_admission.py", "dtls/test_server.py"],
    "core/dtls/client.py": ["dtls/test_client.py"],
    "core/dtls/contexts.py": ["dtls/test_contexts.py"],
    "core/dtls/cookie.py": ["dtls/test_cookie.py"],
    "core/dtls/records.py": ["dtls/test_records.py"],
    "core/dtls/server.py": ["dtls/test_server.py"],
    "core/dtls/session.py": ["dtls/test_session.py", "dtls/test_weather.py"],
    "core/dtls/settings.py": ["dtls/test_contexts.py"],
    "core/dtls/stages.py": ["dtls/test_connections.py"],
    "core/dtls/verify.py": ["dtls/test_verify.py"],
    "compat/dtls.py": ["dtls/test_connections.py"],
    # Types, methods and formats of Variant, as Godot's own answers have them.
    "compat/variant/byte_compression.py": ["unit/compat/variant/test_packed_bytes.py"],
    "compat/variant/byte_fields.py": ["unit/compat/variant/test_packed_bytes.py"],
    "compat/variant/byte_text.py": ["unit/compat/variant/test_packed_bytes.py"],
    "compat/variant/color.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/element_type.py": ["unit/compat/variant/test_containers.py"],
    "compat/variant/failures.py": ["unit/compat/variant/test_encode.py", "unit/compat/variant/test_decode.py"],
    "compat/variant/handles.py": ["unit/compat/variant/test_names.py"],
    "compat/variant/packed_rows.py": ["unit/compat/variant/test_packed.py"],
    "compat/variant/readers.py": ["unit/compat/variant/test_decode.py", "unit/compat/variant/test_golden.py"],
    "compat/variant/rotations.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/shapes.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/transforms.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/vector2.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/vector3.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/vector4.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/vectors.py": ["unit/compat/variant/test_golden.py", "unit/compat/variant/test_row.py"],
    "compat/variant/writers.py": ["unit/compat/variant/test_encode.py", "unit/compat/variant/test_golden.py"],
}
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for folder in ("core", "compat", "testing")
    for path in (PACKAGE / folder).rglob("*.py")
    if path.name != "__init__.py"
)


def own_test_files(module: str) -> list[str]:
    """Where a module's test file may be, from ``tests``."""
    path = PurePosixPath(module)
    prefixed = f"test_{path.parent.name}_{path.name}"
    files = []
    for folder in path.parents[:-1]:
        # A module of that name in a folder above has the first claim.
        if folder == path.parent or not (PACKAGE / folder / path.name).exists():
            files.append(f"unit/{folder}/test_{path.name}")
        files.append(f"unit/{folder}/{prefixed}")
    return files


def has_tests(file: str) -> bool:
    path = TESTS / file
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(tree))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_tests(module: str) -> None:
    if module in ELSEWHERE:
        assert [file for file in ELSEWHERE[module] if not has_tests(file)] == []
    else:
        assert any(has_tests(file) for file in own_test_files(module)), f"none of {own_test_files(module)}"


@pytest.mark.parametrize("module", ELSEWHERE)
def test_the_table_is_not_longer_than_it_must_be(module: str) -> None:
    assert module in MODULES, "there is no such module any more"
    assert not any(has_tests(file) for file in own_test_files(module)), "it has a test file of its own: leave it out"


def test_the_rule_itself() -> None:
    assert own_test_files("core/engine/channel.py") == [
        "unit/core/engine/test_channel.py",
        "unit/core/engine/test_engine_channel.py",
        "unit/core/test_channel.py",
        "unit/core/test_engine_channel.py",
    ]
    assert "unit/core/test_clock.py" not in own_test_files("core/sim/clock.py")
    assert has_tests("unit/core/test_channel.py")
    assert not has_tests("unit/core/test_no_such_module.py")
    assert not has_tests("unit/core/kit.py")
    assert len(MODULES) > 40
