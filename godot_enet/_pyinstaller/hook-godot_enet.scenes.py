"""PyInstaller: the table of properties goes where the reader of scenes goes."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("godot_enet.scenes")
