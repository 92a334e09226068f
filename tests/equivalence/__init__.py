"""Lock-step: both engines are told the same, and every answer must be equal."""
