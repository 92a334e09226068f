"""The engine in pure Python: the readable reference, and the fallback where nothing is compiled."""

from godot_enet.core.engine.engine import PythonEngine

__all__ = ["PythonEngine"]
