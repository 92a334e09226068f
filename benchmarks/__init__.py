"""Benchmarks: this package compared with libenet (through pyenet), within one run. Start: python -m benchmarks"""
