"""Projects: settings, paths, unique ids, and what is never opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from godot_enet.scenes import Autoload, Project, SceneError
from godot_enet.scenes import folder as folder_module
from godot_enet.scenes.folder import find_project_folder
from tests.unit.scenes.conftest import WriteProject

NODE = '[gd_scene format=3]\n[node name="N" type="Node"]\n'


def problems(project: Project) -> list[str]:
    return [str(each) for each in project.problems]


def test_settings_autoloads_and_main_scene(corpus: Path) -> None:
    project = Project(corpus)
    assert project.name == "Corpus; with a semicolon"
    assert project.godot_version == 4
    assert project.settings["physics/common/physics_ticks_per_second"] == 30
    assert project.settings["application/config/tags"] == ["a"]
    assert project.main_scene == "res://main.tscn"
    assert project.autoloads == [
        Autoload("Network", "res://network.gd", True, 15),
        Autoload("Lobby", "res://lobby.tscn", True, 16),
        Autoload("ByUid", "res://byuid.gd", True, 17),
        Autoload("Quiet", "res://quiet.gd", False, 18),
    ]
    assert problems(project) == []
    assert repr(project) == f"<Project 'Corpus; with a semicolon' in {corpus}>"


def test_all_scenes_of_the_corpus_can_be_read(corpus: Path) -> None:
    project = Project(corpus)
    assert len(project.scene_paths()) == 11
    assert all(list(project.scene(path).nodes()) for path in project.scene_paths())


@pytest.mark.parametrize(
    ("text", "version"), [("config_version=5", 4), ("config_version=6", 4), ("config_version=4", 3), ("", 2)]
)
def test_the_version_of_godot_that_has_made_it(write_project: WriteProject, text: str, version: int) -> None:
    project = Project(write_project({"project.godot": text + "\n"}))
    assert project.godot_version == version
    told = (
        []
        if version == 4
        else [f"a project of Godot {version}: it can be read, but only games of Godot 4 can be joined"]
    )
    assert [each.text for each in project.problems] == told


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        Project(tmp_path)
    assert str(caught.value) == f"res://project.godot: no such file in {tmp_path.resolve()}"


def test_settings_that_cannot_be_read(write_project: WriteProject) -> None:
    folder = write_project({"project.godot": "config_version=5\n[application]\nconfig/name=\nrun=1\n"})
    with pytest.raises(SceneError, match=r"^res://project\.godot:4: expected a value, found 'run=1'$"):
        Project(folder)
    (folder / "project.godot").write_text("[application\n")
    with pytest.raises(SceneError, match=r"^res://project\.godot:1: expected ']' after the name of a section$"):
        Project(folder)


def test_no_main_scene_and_an_id_that_nobody_has(write_project: WriteProject) -> None:
    assert Project(write_project({})).main_scene == ""
    project = Project(write_project({"project.godot": '[application]\nrun/main_scene="uid://bnobody"\n'}))
    assert project.main_scene == ""
    assert "res://project.godot:2: application/run/main_scene: no file with uid://bnobody" in problems(project)


def test_unique_ids_stand_in_four_places(write_project: WriteProject) -> None:
    project = Project(
        write_project(
            {
                "a.gd": "",
                "a.gd.uid": "uid://ba\n",
                "b.png": "",
                "b.png.import": '[remap]\n\nimporter="texture"\nuid="uid://bb"\n[deps]\nbroken = \n',
                "c.tscn": NODE.replace("format=3", 'format=3 uid="uid://bc"'),
                "folder/d.tres": '[gd_resource type="Resource" format=3 uid="uid://bd"]\n[resource]\n',
                "gone.gd.uid": "uid://bgone",
                "odd.gd.uid": "no id",
                "odd.gd": "",
                "broken.tscn": "[gd_scene uid=",
                "broken.import": "[remap]\nuid=",
                "again.tscn": NODE.replace("format=3", 'format=3 uid="uid://bc"'),
                "ignored/.gdignore": "",
                "ignored/e.tscn": NODE.replace("format=3", 'format=3 uid="uid://be"'),
                ".hidden/f.tscn": NODE.replace("format=3", 'format=3 uid="uid://bf"'),
            }
        )
    )
    found = {uid: project.locate(f"uid://b{uid}") for uid in ("a", "b", "c", "d", "e", "f", "gone")}
    assert found == {
        "a": "res://a.gd",
        "b": "res://b.png",
        "c": "res://again.tscn",
        "d": "res://folder/d.tres",
        "e": "",
        "f": "",
        "gone": "",
    }
    assert problems(project) == ["res://c.tscn:1: has the same uid://bc as res://again.tscn"]


def test_a_unique_id_goes_before_a_path_and_a_path_before_an_unknown_id(write_project: WriteProject) -> None:
    project = Project(write_project({"a.gd": "", "a.gd.uid": "uid://ba"}))
    assert project.locate("res://old.gd", "uid://ba") == "res://a.gd"
    assert project.locate("res://old.gd", "uid://bunknown") == "res://old.gd"


def test_paths_that_are_relative_to_a_file(write_project: WriteProject) -> None:
    project = Project(write_project({}))
    assert project.locate("b.tscn", beside="res://folder/a.tscn") == "res://folder/b.tscn"
    assert project.locate("../b.tscn", beside="res://folder/a.tscn") == "res://b.tscn"


@pytest.mark.parametrize(
    "path",
    [
        "res://../secret.tscn",
        "res://a/../../secret.tscn",
        "res:///etc/hostname",
        "res://link.tscn",
        "res://folder/secret.tscn",
        "/etc/hostname",
        "user://a.tscn",
        "file:///etc/hostname",
        "../secret.tscn",
        "res://loop",
        "res://a\0.tscn",
    ],
)
def test_what_is_outside_is_refused(write_project: WriteProject, path: str) -> None:
    folder = write_project({})
    (folder.parent / "outside").mkdir()
    for secret in (folder.parent / "secret.tscn", folder.parent / "outside" / "secret.tscn"):
        secret.write_text(NODE)
    (folder / "link.tscn").symlink_to(folder.parent / "secret.tscn")
    (folder / "folder").symlink_to(folder.parent / "outside", target_is_directory=True)
    (folder / "loop").symlink_to(folder / "loop")
    project = Project(folder)
    with pytest.raises(SceneError, match=r"refused|no such file"):
        project.scene(path)
    assert not project.exists(path)
    assert project.scene_paths() == ["res://link.tscn"]


def test_a_link_inside_the_folder_is_followed(write_project: WriteProject) -> None:
    folder = write_project({"a.tscn": NODE})
    (folder / "b.tscn").symlink_to(folder / "a.tscn")
    assert Project(folder).scene("res://b.tscn").root.name == "N"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_is_not_opened(write_project: WriteProject) -> None:
    folder = write_project({})
    os.mkfifo(folder / "pipe.tscn")
    (folder / "folder.tscn").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(SceneError, match="no such file"):
            Project(folder).scene(f"res://{name}.tscn")


def test_binary_files_have_a_sentence_that_says_what_to_do(write_project: WriteProject) -> None:
    project = Project(write_project({"a.scn": "RSRC", "b.res": "x", "c.tscn": "RSCC\1\2", "d.tscn": "[gd_scene]\n\0"}))
    for path in ("a.scn", "b.res", "c.tscn"):
        with pytest.raises(SceneError) as caught:
            project.scene(f"res://{path}")
        assert caught.value.text == "expected text, found a binary file: in Godot, save it as .tscn or .tres"
    with pytest.raises(SceneError, match=r"^res://d\.tscn:2: expected text, found a NUL byte$"):
        project.scene("res://d.tscn")


def test_size_and_number_of_files_are_bounded(write_project: WriteProject, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_project({f"{name}.tscn": NODE for name in "abc"})
    monkeypatch.setattr(folder_module, "MAX_FILE_SIZE", len(NODE) - 1)
    with pytest.raises(SceneError, match=r"^res://a\.tscn: expected at most"):
        Project(folder).scene("res://a.tscn")
    monkeypatch.setattr(folder_module, "MAX_FILES", 2)
    assert Project(folder).scene_paths() == ["res://a.tscn", "res://b.tscn"]


def test_a_file_that_is_not_utf8_is_read_as_far_as_it_goes(write_project: WriteProject) -> None:
    folder = write_project({"a.tscn": "\ufeff" + NODE + 'x = "\udcff"\n'})
    assert Project(folder).scene("res://a.tscn").root.properties == {"x": "\ufffd"}


def test_the_folder_above_a_file(write_project: WriteProject, tmp_path: Path) -> None:
    folder = write_project({"a/b/c.gd": ""})
    assert find_project_folder(folder / "a" / "b" / "c.gd") == folder
    assert find_project_folder(folder) == folder
    assert find_project_folder(tmp_path) is None
