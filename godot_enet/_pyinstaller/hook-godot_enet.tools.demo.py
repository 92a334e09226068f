"""PyInstaller: ``godot_enet demo`` loads programs from files, so these go along, with whatever they import."""

import ast

from PyInstaller.utils.hooks import collect_data_files

from godot_enet.tools.demo import find_demos

datas = collect_data_files("godot_enet", subdir="demos", include_py_files=True)
folder = find_demos()["hello"].parent
nodes = [node for file in folder.rglob("*.py") for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
hiddenimports = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
hiddenimports += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
