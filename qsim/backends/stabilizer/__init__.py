"""Clifford circuits on stim: the backend `Stabilizer`, and `to_stim`."""

from qsim.backends.stabilizer.backend import Stabilizer as Stabilizer
from qsim.backends.stabilizer.conversion import to_stim as to_stim

__all__ = ["Stabilizer", "to_stim"]
