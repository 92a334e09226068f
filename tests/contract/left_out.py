"""Methods, members and constants that Godot's value types have and ours never will, and why.

``docs/coming-from-godot.md`` tells users. The answers of Godot in ``tests/vectors`` use none of them.
"""

from __future__ import annotations

__all__ = ["LEFT_OUT", "REASONS"]

REASONS: dict[str, tuple[str, ...]] = {
    "Cameras, headsets and light atlases belong to a renderer.": (
        "Projection.PLANE_BOTTOM",
        "Projection.PLANE_FAR",
        "Projection.PLANE_LEFT",
        "Projection.PLANE_NEAR",
        "Projection.PLANE_RIGHT",
        "Projection.PLANE_TOP",
        "Projection.create_depth_correction",
        "Projection.create_fit_aabb",
        "Projection.create_for_hmd",
        "Projection.create_frustum",
        "Projection.create_frustum_aspect",
        "Projection.create_light_atlas_rect",
        "Projection.create_orthogonal",
        "Projection.create_orthogonal_aspect",
        "Projection.create_perspective",
        "Projection.create_perspective_hmd",
        "Projection.flipped_y",
        "Projection.get_aspect",
        "Projection.get_far_plane_half_extents",
        "Projection.get_fov",
        "Projection.get_fovy",
        "Projection.get_lod_multiplier",
        "Projection.get_pixels_per_meter",
        "Projection.get_projection_plane",
        "Projection.get_viewport_half_extents",
        "Projection.get_z_far",
        "Projection.get_z_near",
        "Projection.is_orthogonal",
        "Projection.jitter_offseted",
        "Projection.perspective_znear_adjusted",
    ),
    "OKHSL is for colour pickers and gradients.": (
        "Color.from_ok_hsl",
        "Color.ok_hsl_h",
        "Color.ok_hsl_l",
        "Color.ok_hsl_s",
    ),
    "RGBE9995 is a format of textures.": ("Color.from_rgbe9995",),
}
LEFT_OUT: frozenset[str] = frozenset(name for names in REASONS.values() for name in names)
