"""Circuits with few gates outside the Clifford group, exactly: the backend `NearClifford`."""

from qsim.backends.near_clifford.backend import NearClifford as NearClifford

__all__ = ["NearClifford"]
