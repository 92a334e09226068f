"""SceneTree: the root of all nodes, and the work of each frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from threading import TIMEOUT_MAX
from time import monotonic, sleep
from typing import Any

from godot_enet.compat.deferred import in_frame
from godot_enet.compat.errors import as_float, as_int, as_str, fail
from godot_enet.compat.globals import Error
from godot_enet.compat.multiplayer_peer import as_bool
from godot_enet.compat.scene import processing
from godot_enet.compat.scene.frame_steps import FrameSteps
from godot_enet.compat.scene.groups import GroupCallFlags, Groups
from godot_enet.compat.scene.lifecycle import add_to_tree, orphans
from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.passes import Passes
from godot_enet.compat.scene.processing import Processing, ProcessMode
from godot_enet.compat.scene.replication.scenes import factory_of, located, make
from godot_enet.compat.scene.scene_change import Instantiable, SceneChange, instantiate
from godot_enet.compat.scene.scene_timers import SceneTimers, SceneTreeTimer
from godot_enet.compat.scene.tree_multiplayers import TreeMultiplayers
from godot_enet.compat.signal import SignalProperty
from godot_enet.compat.variant import NodePath

__all__ = ["SceneTree"]


class SceneTree:
    """A tree of nodes under ``root``, with a multiplayer that is polled once a frame.

    Call :meth:`process` in every frame of your own loop, or use :meth:`run`. Unlike in Godot, a program may have
    several trees, for instance a server and a bot. A tree belongs to the thread that processes it.

    Keep a reference to it: nodes do not keep their tree alive. When the tree is dropped, its nodes are outside any
    tree, and its ``multiplayer_peer`` closes unless something else refers to it.
    """

    process_frame = SignalProperty[[]]()
    """A frame begins: the multiplayer was polled, and nodes are processed next."""
    physics_frame = SignalProperty[[]]()
    """A physics frame begins: nodes are processed next."""
    node_added = SignalProperty[[Node]]("node")
    """A node has entered the tree, after its ``tree_entered``."""
    node_removed = SignalProperty[[Node]]("node")
    """A node is about to leave the tree, after its ``tree_exiting``."""
    node_renamed = SignalProperty[[Node]]("node")
    """A node of the tree was renamed."""
    tree_changed = SignalProperty[[]]()
    """Nodes have entered, left, moved or been renamed."""
    scene_changed = SignalProperty[[]]()
    """Another scene has entered the tree: see :meth:`change_scene_to_node`."""

    GroupCallFlags = GroupCallFlags
    GROUP_CALL_DEFAULT = GroupCallFlags.GROUP_CALL_DEFAULT
    GROUP_CALL_REVERSE = GroupCallFlags.GROUP_CALL_REVERSE
    GROUP_CALL_DEFERRED = GroupCallFlags.GROUP_CALL_DEFERRED
    GROUP_CALL_UNIQUE = GroupCallFlags.GROUP_CALL_UNIQUE

    def __init__(self) -> None:
        self._root = Node("root")
        self._multiplayer_poll = True
        self.time_scale = 1.0
        """The speed of the game's time; 1 by default. ``Engine.time_scale`` in Godot."""
        self._delete_queue: deque[Node] = deque()
        self._passes = Passes()
        self._processing = Processing(self._passes)
        self._groups = Groups(self._passes)
        self._timers = SceneTimers()
        self._steps = FrameSteps()
        self._scene = SceneChange(self.root, self.scene_changed)
        self._process_time = self._physics_process_time = 0.0
        self._unscaled_time = 0.0
        """The length of the current frame, without ``time_scale``."""
        self._physics_frames = 0
        self._entries = 0
        """Counts the nodes that have entered the tree."""
        self._renames = 0
        """Counts the renamings in the tree, by which path ids see that a path may have changed."""
        self._exit_code: int | None = None
        self._multiplayers = TreeMultiplayers(self.root)
        self.root.process_mode = ProcessMode.PROCESS_MODE_PAUSABLE
        add_to_tree(self.root, self)

    def __repr__(self) -> str:
        return f"<SceneTree of {self.get_node_count()} nodes, {self._multiplayers.main!r}>"

    def get_root(self) -> Node:
        """Return the root node of the tree."""
        return self._root

    @property
    def root(self) -> Node:
        """As :meth:`get_root`."""
        return self._root

    # Multiplayer

    def get_multiplayer(self, for_path: str | NodePath = "") -> MultiplayerAPI:
        """Return the multiplayer of a part of the tree; without a path, that of all parts without one of their own."""
        return self._multiplayers.at(NodePath(for_path))

    def set_multiplayer(self, multiplayer: MultiplayerAPI | None, root_path: str | NodePath = "") -> None:
        """Set the multiplayer of the tree, or of a part of it.

        Args:
            multiplayer: the new one; None to remove that of a part.
            root_path: the part, from ``/root`` on; by default the whole tree.
        """
        self._multiplayers.assign(multiplayer, NodePath(root_path))

    def is_multiplayer_poll_enabled(self) -> bool:
        """Return whether frames poll the multiplayer; if not, call ``multiplayer.poll()`` yourself."""
        return self._multiplayer_poll

    def set_multiplayer_poll_enabled(self, enabled: bool) -> None:
        """Set whether frames poll the multiplayer."""
        self._multiplayer_poll = as_bool(enabled, "enabled")

    @property
    def multiplayer_poll(self) -> bool:
        """As :meth:`is_multiplayer_poll_enabled`; can be set."""
        return self.is_multiplayer_poll_enabled()

    @multiplayer_poll.setter
    def multiplayer_poll(self, enabled: bool) -> None:
        self.set_multiplayer_poll_enabled(enabled)

    # Frames

    def process(self, delta: float) -> None:
        """Process one frame: the physics frames that are due, a poll of the multiplayer, then ``_process`` of all
        nodes.

        A physics frame calls ``_physics_process`` of all nodes. There are ``physics_ticks_per_second`` of them, at most
        ``max_physics_steps_per_frame`` in one frame. At the end of either kind, timers elapse, and nodes queued for
        deletion are freed.

        Nodes are called in tree order, parents first, and nodes with a lower priority value before all others. A node
        that enters the tree meanwhile waits for the next frame, and so does one that was moved. Deferred calls are made
        before ``_process``, after it and at the end.

        Args:
            delta: the time since the last frame, in seconds; passed to ``_process``.
        """
        self._unscaled_time = delta
        steps, delta = self._steps.advance(delta)
        for _ in range(steps):
            self._physics_process(1 / self._steps.ticks_per_second)
        self._process(delta)

    def _physics_process(self, step: float) -> None:
        """Process one physics frame."""
        self._physics_frames += 1
        self._physics_process_time = step * self.time_scale
        in_frame(self._run_physics)
        in_frame(partial(self._end_frame, self._physics_process_time, physics=True))

    def _process(self, delta: float) -> None:
        """Process one frame without its physics frames."""
        self._process_time = delta * self.time_scale
        in_frame(self._begin_frame)
        in_frame(self._run_idle)
        in_frame(partial(self._end_frame, self._process_time, physics=False))

    def _begin_frame(self) -> None:
        if self._multiplayer_poll:
            self._multiplayers.poll()
        self.process_frame.emit()

    def _run_physics(self) -> None:
        self.physics_frame.emit()
        self._processing.process_physics(self._physics_process_time)
        self._groups.call_unique()

    def _run_idle(self) -> None:
        self._processing.process(self._process_time)
        self._groups.call_unique()

    def _end_frame(self, delta: float, *, physics: bool) -> None:
        if not physics:
            self._scene.finish()
        self._timers.advance(delta, self._unscaled_time, physics=physics, paused=self._processing.is_paused)
        queues = orphans._delete_queue, self._delete_queue
        while waiting := [queue for queue in queues if queue]:
            min(waiting, key=lambda queue: queue[0]._queued_at).popleft().free()

    def get_frame(self) -> int:
        """Return the number of physics frames so far."""
        return self._physics_frames

    @property
    def physics_ticks_per_second(self) -> int:
        """The number of physics frames per second; 60 by default. ``Engine.physics_ticks_per_second`` in Godot."""
        return self._steps.ticks_per_second

    @physics_ticks_per_second.setter
    def physics_ticks_per_second(self, ticks: int) -> None:
        number = as_int(ticks, "physics_ticks_per_second")
        if number <= 0:
            return fail("Engine iterations per second must be greater than 0.", None)
        self._steps.ticks_per_second = number
        return None

    @property
    def max_physics_steps_per_frame(self) -> int:
        """The maximum number of physics frames per frame; 8 by default. Longer frames slow the game down.

        ``Engine.max_physics_steps_per_frame`` in Godot.
        """
        return self._steps.max_steps

    @max_physics_steps_per_frame.setter
    def max_physics_steps_per_frame(self, steps: int) -> None:
        number = as_int(steps, "max_physics_steps_per_frame")
        if number <= 0:
            return fail("Maximum number of physics steps per frame must be greater than 0.", None)
        self._steps.max_steps = number
        return None

    def is_paused(self) -> bool:
        """Return whether the tree is paused: only nodes whose ``process_mode`` allows it are processed."""
        return self._processing.is_paused

    def set_pause(self, enable: bool) -> None:
        """Pause the tree, or resume it. The multiplayer is polled in any case."""
        value = as_bool(enable, "enable")
        if value != self._processing.is_paused:
            self._processing.is_paused = value
            processing.pause(self.root, value)

    @property
    def paused(self) -> bool:
        """As :meth:`is_paused`; can be set."""
        return self.is_paused()

    @paused.setter
    def paused(self, enable: bool) -> None:
        self.set_pause(enable)

    def create_timer(
        self,
        time_sec: float,
        process_always: bool = True,
        process_in_physics: bool = False,
        ignore_time_scale: bool = False,
    ) -> SceneTreeTimer:
        """Start a timer that emits ``timeout`` once.

        Args:
            time_sec: seconds.
            process_always: whether it runs while the tree is paused.
            process_in_physics: whether it runs on physics frames.
            ignore_time_scale: whether it runs on real time, independent of ``time_scale``.
        """
        always, physics = as_bool(process_always, "process_always"), as_bool(process_in_physics, "process_in_physics")
        real, seconds = as_bool(ignore_time_scale, "ignore_time_scale"), as_float(time_sec, "time_sec")
        timer = SceneTreeTimer(seconds, process_always=always, process_in_physics=physics, real_time=real)
        return self._timers.add(timer)

    # Groups

    def has_group(self, name: str) -> bool:
        """Return whether a node of the tree is in this group."""
        return as_str(name, "name") in self._groups

    def get_nodes_in_group(self, group: str) -> list[Any]:
        """Return the nodes of a group in tree order, parents first."""
        return list(self._groups.nodes(as_str(group, "group")))

    def get_first_node_in_group(self, group: str) -> Any:
        """Return the first node of a group; None if it has none."""
        return next(iter(self._groups.nodes(as_str(group, "group"))), None)

    def get_node_count_in_group(self, group: str) -> int:
        """Return the number of nodes in a group."""
        return self._groups.count(as_str(group, "group"))

    def call_group(self, group: str, method: str, *args: Any) -> None:
        """Call a method of all nodes of a group that have it, at once. Exceptions are logged.

        Args:
            group: its name.
            method: the name of the method.
            args: its arguments.
        """
        self.call_group_flags(GroupCallFlags.GROUP_CALL_DEFAULT, group, method, *args)

    def call_group_flags(self, flags: int, group: str, method: str, *args: Any) -> None:
        """The same with a sum of :class:`GroupCallFlags`."""
        self._groups.call(as_int(flags, "flags"), as_str(group, "group"), as_str(method, "method"), args)

    def set_group(self, group: str, property: str, value: Any) -> None:
        """Set an attribute of all nodes of a group that have it."""
        self.set_group_flags(GroupCallFlags.GROUP_CALL_DEFAULT, group, property, value)

    def set_group_flags(self, call_flags: int, group: str, property: str, value: Any) -> None:
        """The same with a sum of :class:`GroupCallFlags`."""
        self._groups.set(as_int(call_flags, "call_flags"), as_str(group, "group"), as_str(property, "property"), value)

    def notify_group(self, group: str, notification: int) -> None:
        """Send all nodes of a group a notification."""
        self.notify_group_flags(GroupCallFlags.GROUP_CALL_DEFAULT, group, notification)

    def notify_group_flags(self, call_flags: int, group: str, notification: int) -> None:
        """The same with a sum of :class:`GroupCallFlags`."""
        what = as_int(notification, "notification")
        self._groups.notify(as_int(call_flags, "call_flags"), as_str(group, "group"), what)

    # Scenes

    def get_current_scene(self) -> Any:
        """Return the child of the root that is the current scene; None by default, and during a change."""
        return self._scene.current

    def set_current_scene(self, child_node: Node | None) -> None:
        """Set which child of the root is the current scene, without changing the tree."""
        self._scene.set(child_node)

    @property
    def current_scene(self) -> Any:
        """As :meth:`get_current_scene`; can be set."""
        return self.get_current_scene()

    @current_scene.setter
    def current_scene(self, node: Node | None) -> None:
        self.set_current_scene(node)

    def change_scene_to_node(self, node: Node | None) -> Error:
        """Remove the current scene from the tree at once; at the end of the frame it is freed, and this one is added.

        Returns:
            ``OK``; ``ERR_INVALID_PARAMETER`` for None, ``ERR_UNCONFIGURED`` if the node is in the tree already.
        """
        return self._scene.begin(node)

    def change_scene_to_packed(self, packed_scene: Callable[[], Node | None] | Instantiable | None) -> Error:
        """The same for a new node of a scene.

        Args:
            packed_scene: a callable that makes the node, such as a class, or an object with ``instantiate()``.

        Returns:
            As :meth:`change_scene_to_node`; ``ERR_CANT_CREATE`` if no node was made.
        """
        if packed_scene is None:
            text = "Can't change to a null scene. Use unload_current_scene() if you wish to unload it."
            return fail(text, Error.ERR_INVALID_PARAMETER)
        node = instantiate(packed_scene)
        if node is None:
            return fail('Parameter "new_scene" is null.', Error.ERR_CANT_CREATE)
        return self.change_scene_to_node(node)

    def change_scene_to_file(self, path: str) -> Error:
        """The same for a scene that is registered for a path: see ``register_scene``.

        Args:
            path: its path in the Godot project, such as ``"res://menu.tscn"``.

        Returns:
            As :meth:`change_scene_to_packed`; ``ERR_CANT_OPEN`` if no scene is registered for the path.
        """
        place = located(as_str(path, "path"))
        factory = factory_of(place)
        if factory is None:
            return fail(f"No scene is registered for '{path}'; see register_scene().", Error.ERR_CANT_OPEN)
        return self.change_scene_to_packed(partial(make, place, factory))

    def reload_current_scene(self) -> Error:
        """The same for a new node of the current scene, by its ``scene_file_path``.

        Returns:
            As :meth:`change_scene_to_file`; ``ERR_UNCONFIGURED`` if there is no current scene.
        """
        current = self._scene.current
        if current is None:
            return fail('Parameter "current_scene" is null.', Error.ERR_UNCONFIGURED)
        return self.change_scene_to_file(current.scene_file_path)

    def unload_current_scene(self) -> None:
        """Free the current scene at once."""
        self._scene.unload()

    # The loop

    def run(self, frames_per_second: float = 60.0) -> int:
        """Process frames at a steady rate until :meth:`quit`, and return its exit code.

        A long frame delays the next ones; they do not catch up.

        Raises:
            ValueError: the rate is not greater than 0.
        """
        if not frames_per_second > 0:
            raise ValueError(f"frames_per_second must be greater than 0, not {frames_per_second}")
        interval = min(1 / frames_per_second, TIMEOUT_MAX)
        self._exit_code = None
        last = due = monotonic()
        while True:
            now = monotonic()
            self.process(now - last)
            if self._exit_code is not None:
                return self._exit_code
            last = now
            due = max(due + interval, monotonic())
            sleep(max(0.0, due - monotonic()))

    def quit(self, exit_code: int = 0) -> None:
        """End :meth:`run` after this frame."""
        self._exit_code = exit_code

    def queue_delete(self, obj: Node) -> None:
        """The same as ``queue_free`` of the node."""
        obj.queue_free()

    def get_node_count(self) -> int:
        """Return the number of nodes in the tree."""
        nodes = [self.root]
        for node in nodes:
            nodes += node._children.values()
        return len(nodes)

    def _lost(self, node: Node) -> None:
        """A node is about to leave."""
        self._scene.forget(node)
        self.node_removed.emit(node)
        self._passes.note(node)
