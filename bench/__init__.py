"""Benchmarks: ours beside a named peer, in one run."""
