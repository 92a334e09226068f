"""Files are written whole, and a secret one for its owner only."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import pytest

from godot_enet.compat.crypto.files import as_path, read_file, write_file
from godot_enet.compat.crypto.problem import Problem
from godot_enet.compat.globals import Error

OWNER_ONLY = 0o600 if os.name == "posix" else 0o666
"""Windows has no such permissions; there the folder's decide."""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_file(str(path), b"secret", owner_only=True)
    assert path.read_bytes() == b"secret"
    assert mode_of(path) == OWNER_ONLY
    assert os.listdir(tmp_path) == ["key"]


def test_a_file_that_everybody_could_read_becomes_secret(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"something longer than what comes")
    path.chmod(0o666)
    write_file(str(path), b"secret", owner_only=True)
    assert path.read_bytes() == b"secret"
    assert mode_of(path) == OWNER_ONLY


def test_who_had_the_file_open_does_not_see_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    with open(path, "rb") as reader:
        with contextlib.suppress(Problem):  # Windows does not replace a file that is open
            write_file(str(path), b"secret", owner_only=True)
        assert reader.read() == b"old"


def test_other_files_keep_their_permissions(tmp_path: Path) -> None:
    path = tmp_path / "certificate"
    write_file(str(path), b"one", owner_only=False)
    usual = tmp_path / "usual"
    usual.touch()
    assert mode_of(path) == mode_of(usual)
    for mode in (0o600, 0o666):
        path.chmod(mode)
        write_file(str(path), b"two", owner_only=False)
        assert (path.read_bytes(), mode_of(path)) == (b"two", mode if os.name == "posix" else 0o666)


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Problem, match=r"^No space left on device$") as caught:
        write_file(str(path), b"new", owner_only=True)
    assert caught.value.error is Error.ERR_INVALID_PARAMETER
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["key"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"old")
    link = tmp_path / "link"
    try:
        link.symlink_to(target)
    except OSError:  # Windows, for most users
        link = target
    write_file(str(link), b"new", owner_only=True)
    assert target.read_bytes() == b"new"
    assert mode_of(target) == OWNER_ONLY
    assert link == target or link.is_symlink()


def test_relative_paths_start_where_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_file("key", b"secret", owner_only=True)
    assert read_file("key") == b"secret"


@pytest.mark.parametrize("path", ["missing/key", "", "a\0b"])
def test_what_cannot_be_written_leaves_nothing(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for owner_only in (True, False):
        with pytest.raises(Problem) as caught:
            write_file(path, b"secret", owner_only=owner_only)
        assert caught.value.error is Error.ERR_INVALID_PARAMETER
    assert os.listdir(tmp_path) == []


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="not a regular file") as caught:
        write_file(str(tmp_path), b"secret", owner_only=True)
    assert caught.value.error is Error.ERR_INVALID_PARAMETER
    with pytest.raises(Problem) as caught:
        read_file(str(tmp_path))
    assert caught.value.error is Error.ERR_INVALID_PARAMETER


def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"^No such file or directory$") as caught:
        read_file(str(tmp_path / "missing"))
    assert caught.value.error is Error.ERR_INVALID_PARAMETER
    with pytest.raises(Problem, match=r"^this is not a path$"):
        read_file("a\0b")
    with pytest.raises(Problem, match=r"user:// and res:// only work in Godot"):
        read_file("user://server.key")


def test_no_file_is_that_large(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with open(path, "wb") as file:
        file.truncate(16 * 1024 * 1024)
    assert len(read_file(str(path))) == 16 * 1024 * 1024
    with open(path, "ab") as file:
        file.write(b"!")
    with pytest.raises(Problem, match="larger than 16 MiB") as caught:
        read_file(str(path))
    assert caught.value.error is Error.FAILED


def test_paths_are_text_or_path_objects() -> None:
    assert as_path("a/b", "path") == "a/b"
    assert as_path(Path("a"), "path") == "a"
    for wrong in (b"a", 3, None):
        with pytest.raises(TypeError, match=r"^path must be a str or a path, not \w+$"):
            as_path(wrong, "path")  # type: ignore[arg-type]
