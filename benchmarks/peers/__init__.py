"""This package beside what a user could pick instead: ``python -m benchmarks.peers``. See docs/performance.md."""
