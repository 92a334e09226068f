"""Definitions shared by both engines: constants, enums, states, layouts, settings. The C header is generated from
here."""
