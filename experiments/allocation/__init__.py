"""Goal-driven allocation of shots: how ``rule = "fit"`` decides, from finished work alone, where to spend next.

`FitAllocation` is the rule, `Point` what it sees and `Decision` what it says; `c_optimal_shares` is the design beneath.
The default rule, ``"equal_error"``, needs nothing of this: every task runs until its own stop rule holds.

>>> rule = FitAllocation("lambda", standard_error=0.02)
>>> rule.next_shots([Point(0.003, d, 0, 0, cost=1e-6 * d**3, rounds=d) for d in (3, 5, 7)]).targets
(1024, 1024, 1024)
"""

from experiments.allocation.c_optimal import c_optimal_shares, variance_per_budget
from experiments.allocation.decision import Decision, Point
from experiments.allocation.fit_driven import FitAllocation

__all__ = ["Decision", "FitAllocation", "Point", "c_optimal_shares", "variance_per_budget"]
