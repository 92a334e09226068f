"""The page about testing: its example is a test, and passes; its tables say what there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from godot_enet.testing import LinkConfig, Machine, Network
from tests.docs.snippets import check_test_file, page, programs

NAME = "docs/testing.md"


@pytest.mark.usefixtures("host_engine")
def test_the_example_passes(tmp_path: Path) -> None:
    ((file, code),) = programs(NAME).items()
    check_test_file(tmp_path, file, code)


def test_each_call_of_the_table_exists() -> None:
    for owner, name in re.findall(r"`(network|machine)\.(\w+)[`(]", page(NAME)):
        cls = Network if owner == "network" else Machine
        assert hasattr(cls, name), name


def test_each_field_of_a_link_is_told() -> None:
    table = page(NAME).partition("| field | unit | meaning |")[2]
    told = {name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert told == {field.name for field in fields(LinkConfig)}
