"""Long runs: what only shows after hours, by the virtual clock or by the real one."""
