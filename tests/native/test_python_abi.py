"""Our declarations of CPython's stable ABI (``src/python_list.h``), compared with Python's own headers."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.native.native_connections import needs_hot

SOURCE = Path(__file__).with_name("python_abi.c")
LIST = Path(__file__).parents[2] / "godot_enet/core/native/src/python_list.h"
HEADERS = Path(sysconfig.get_path("include"))
COMPILER = shutil.which("gcc") or shutil.which("clang")  # whose built-in functions compare types

pytestmark = [
    needs_hot,  # the headers of a free-threaded Python refuse the stable ABI
    pytest.mark.skipif(not (HEADERS / "Python.h").is_file(), reason=f"no Python.h in {HEADERS}"),
    pytest.mark.skipif(COMPILER is None, reason="neither gcc nor clang"),
]


def compile_with(folder: Path) -> str:
    """What the compiler has to say with the list in this folder."""
    command = [COMPILER or "", "-std=c11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
    command += [f"-I{folder}", f"-I{HEADERS}", str(SOURCE)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr


def test_python_declares_all_of_it_like_we_do() -> None:
    assert compile_with(LIST.parent) == ""


@pytest.mark.parametrize(
    ("ours", "spoilt", "complaint"),
    [
        ("X(int, PyDict_SetItem,", "X(long, PyDict_SetItem,", "PyDict_SetItem is declared otherwise"),
        ("PyList_Size, (PyObject *)", "PyList_Size, (void *)", "PyList_Size is declared otherwise"),
        ("X(int, visitproc,", "X(void, visitproc,", "visitproc is declared otherwise"),
        ("X(METH_O, 0x0008)", "X(METH_O, 0x0010)", "METH_O has another value"),
        ("X(Py_tp_free, 74)", "X(Py_tp_free, 75)", "Py_tp_free has another value"),
        ("X(PyType_Spec, int, itemsize)", "X(PyType_Spec, void *, itemsize)", "PyType_Spec has another size"),
        ("X(PyMethodDef, int, ml_flags)", "X(PyMethodDef, float, ml_flags)", "ml_flags is declared otherwise"),
        ("X(PyObject, Py_ssize_t, ob_refcnt)", "X(PyObject, char *, a) X(PyObject, char *, ob_refcnt)", "ob_refcnt"),
        ("PyDict_New,", "PyDict_Sew,", "PyDict_Sew"),
    ],
)
def test_a_difference_is_noticed(ours: str, spoilt: str, complaint: str, tmp_path: Path) -> None:
    text = LIST.read_text(encoding="utf-8")
    assert text.count(ours) == 1
    (tmp_path / LIST.name).write_text(text.replace(ours, spoilt), encoding="utf-8")
    assert complaint in compile_with(tmp_path)
