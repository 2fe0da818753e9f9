"""Benchmarks: what it costs to make, check, change and take back the same objects in several ways."""
