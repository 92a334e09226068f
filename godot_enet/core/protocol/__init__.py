"""What both engines share, once: numbers, enums, states, layouts, settings. The C header is generated from here."""
