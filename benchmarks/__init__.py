"""Benchmarks: this package beside libenet (through pyenet), each pair in the same run. Start: python -m benchmarks"""
