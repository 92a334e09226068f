"""What Godot's nodes and trees have, and ours have not, and why. ``docs/coming-from-godot.md`` tells users."""

from __future__ import annotations

__all__ = ["ARGUMENTS", "LEFT_OUT", "REASONS"]

REASONS: dict[str, tuple[str, ...]] = {
    "Python has it: getattr, setattr, hasattr, attributes, signals as attributes, isinstance.": (
        *("Object.call", "Object.callv", "Object.get", "Object.set", "Object.get_indexed", "Object.set_indexed"),
        *(
            "Object.has_method",
            "Object.get_method_argument_count",
            "Object.get_method_list",
            "Object.get_property_list",
        ),
        *("Object.get_meta", "Object.set_meta", "Object.has_meta", "Object.remove_meta", "Object.get_meta_list"),
        *("Object.connect", "Object.disconnect", "Object.is_connected", "Object.emit_signal", "Object.has_signal"),
        *("Object.has_connections", "Object.get_signal_list", "Object.get_signal_connection_list"),
        *("Object.get_incoming_connections", "Object.add_user_signal", "Object.has_user_signal"),
        *("Object.remove_user_signal", "Object.get_class", "Object.is_class", "Object.to_string"),
        *("Object.get_script", "Object.set_script", "Object.script_changed", "Object.ConnectFlags"),
        *("Object.set_block_signals", "Object.is_blocking_signals", "Object.NOTIFICATION_POSTINITIALIZE"),
        *("Object.cancel_free", "Object.NOTIFICATION_EXTENSION_RELOADED"),
    ),
    "The editor calls it.": (
        *("Object.notify_property_list_changed", "Object.property_list_changed"),
        *("Object.property_can_revert", "Object.property_get_revert"),
        *("Node._get_configuration_warnings", "Node.update_configuration_warnings", "Node.is_part_of_edited_scene"),
        *("Node.set_display_folded", "Node.is_displayed_folded", "Node.set_editable_instance"),
        *("Node.is_editable_instance", "Node.set_editor_description", "Node.get_editor_description"),
        *("Node.editor_description", "Node.editor_description_changed", "Node.editor_state_changed"),
        *("Node.set_scene_instance_load_placeholder", "Node.get_scene_instance_load_placeholder"),
        *("Node.NOTIFICATION_EDITOR_PRE_SAVE", "Node.NOTIFICATION_EDITOR_POST_SAVE"),
        *("SceneTree.set_edited_scene_root", "SceneTree.get_edited_scene_root", "SceneTree.edited_scene_root"),
        *("SceneTree.set_debug_collisions_hint", "SceneTree.is_debugging_collisions_hint"),
        *("SceneTree.set_debug_paths_hint", "SceneTree.is_debugging_paths_hint"),
        *("SceneTree.set_debug_navigation_hint", "SceneTree.is_debugging_navigation_hint"),
        *("SceneTree.debug_collisions_hint", "SceneTree.debug_paths_hint", "SceneTree.debug_navigation_hint"),
        *("SceneTree.node_configuration_warning_changed", "SceneTree.tree_process_mode_changed"),
    ),
    "It belongs to windows, input, drawing, screen readers or translations.": (
        *("Object.tr", "Object.tr_n", "Object.can_translate_messages", "Object.set_message_translation"),
        *("Object.get_translation_domain", "Object.set_translation_domain"),
        *("Node._get_accessibility_configuration_warnings", "Node._get_focused_accessibility_element"),
        *("Node.queue_accessibility_update", "Node.get_accessibility_element"),
        *("Node._input", "Node._shortcut_input", "Node._unhandled_input", "Node._unhandled_key_input"),
        *("Node.set_process_input", "Node.is_processing_input", "Node.set_process_shortcut_input"),
        *("Node.is_processing_shortcut_input", "Node.set_process_unhandled_input"),
        *("Node.is_processing_unhandled_input", "Node.set_process_unhandled_key_input"),
        *("Node.is_processing_unhandled_key_input", "Node.get_window", "Node.get_last_exclusive_window"),
        *("Node.get_viewport", "Node.create_tween", "Node.atr", "Node.atr_n", "Node.AutoTranslateMode"),
        *("Node.set_auto_translate_mode", "Node.get_auto_translate_mode", "Node.can_auto_translate"),
        *("Node.auto_translate_mode", "Node.set_translation_domain_inherited", "Node.PhysicsInterpolationMode"),
        *("Node.set_physics_interpolation_mode", "Node.get_physics_interpolation_mode"),
        *("Node.physics_interpolation_mode", "Node.is_physics_interpolated", "Node.reset_physics_interpolation"),
        *("Node.is_physics_interpolated_and_enabled", "Node.NOTIFICATION_RESET_PHYSICS_INTERPOLATION"),
        *("Node.NOTIFICATION_DRAG_BEGIN", "Node.NOTIFICATION_DRAG_END", "Node.NOTIFICATION_VP_MOUSE_ENTER"),
        *("Node.NOTIFICATION_VP_MOUSE_EXIT", "Node.NOTIFICATION_WM_MOUSE_ENTER", "Node.NOTIFICATION_WM_MOUSE_EXIT"),
        *("Node.NOTIFICATION_WM_WINDOW_FOCUS_IN", "Node.NOTIFICATION_WM_WINDOW_FOCUS_OUT"),
        *("Node.NOTIFICATION_WM_CLOSE_REQUEST", "Node.NOTIFICATION_WM_GO_BACK_REQUEST"),
        *("Node.NOTIFICATION_WM_SIZE_CHANGED", "Node.NOTIFICATION_WM_DPI_CHANGE"),
        *("Node.NOTIFICATION_WM_POSITION_CHANGED", "Node.NOTIFICATION_WM_ABOUT"),
        *("Node.NOTIFICATION_OS_MEMORY_WARNING", "Node.NOTIFICATION_OS_IME_UPDATE", "Node.NOTIFICATION_CRASH"),
        *("Node.NOTIFICATION_TRANSLATION_CHANGED", "Node.NOTIFICATION_TEXT_SERVER_CHANGED"),
        *("Node.NOTIFICATION_APPLICATION_RESUMED", "Node.NOTIFICATION_APPLICATION_PAUSED"),
        *("Node.NOTIFICATION_APPLICATION_FOCUS_IN", "Node.NOTIFICATION_APPLICATION_FOCUS_OUT"),
        *("Node.NOTIFICATION_ACCESSIBILITY_UPDATE", "Node.NOTIFICATION_ACCESSIBILITY_INVALIDATE"),
        *("SceneTree.is_accessibility_enabled", "SceneTree.is_accessibility_supported"),
        *("SceneTree.is_auto_accept_quit", "SceneTree.set_auto_accept_quit", "SceneTree.auto_accept_quit"),
        *("SceneTree.is_quit_on_go_back", "SceneTree.set_quit_on_go_back", "SceneTree.quit_on_go_back"),
        *("SceneTree.create_tween", "SceneTree.get_processed_tweens", "SceneTree.physics_interpolation"),
        *("SceneTree.set_physics_interpolation_enabled", "SceneTree.is_physics_interpolation_enabled"),
    ),
    "A tree belongs to one thread.": (
        *("Node.ProcessThreadGroup", "Node.ProcessThreadMessages", "Node.process_thread_group"),
        *("Node.set_process_thread_group", "Node.get_process_thread_group", "Node.process_thread_group_order"),
        *("Node.set_process_thread_group_order", "Node.get_process_thread_group_order"),
        *("Node.set_process_thread_messages", "Node.get_process_thread_messages", "Node.process_thread_messages"),
        *("Node.call_deferred_thread_group", "Node.set_deferred_thread_group", "Node.notify_deferred_thread_group"),
        *("Node.call_thread_safe", "Node.set_thread_safe", "Node.notify_thread_safe"),
    ),
    "Games on a network hardly call it.": (
        *("Node.duplicate", "Node.DuplicateFlags", "Node.replace_by", "Node.replacing_by", "Node.InternalMode"),
        *("Node.has_node_and_resource", "Node.get_node_and_resource", "Node.propagate_call"),
        *("Node.print_tree", "Node.print_tree_pretty", "Node.get_tree_string", "Node.get_tree_string_pretty"),
        *("Node.print_orphan_nodes", "Node.get_orphan_node_ids", "Node.NOTIFICATION_SCENE_INSTANTIATED"),
        "Node.NOTIFICATION_MOVED_IN_PARENT",
    ),
}
LEFT_OUT: frozenset[str] = frozenset(name for names in REASONS.values() for name in names)

ARGUMENTS: frozenset[str] = frozenset({"internal", "include_internal"})
"""Arguments that are about internal children, which only Godot's own user interface has."""
