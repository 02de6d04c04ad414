"""Use cases: what became of a serial, and of the thing that carries it."""
