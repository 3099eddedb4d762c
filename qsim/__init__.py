"""Circuits, noise and backends, and the circuit families they serve."""
