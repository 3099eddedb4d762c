"""Intervals and estimators: what a tally's numbers say about the quantity behind them.

One idea a file: `estimate` (how a result prints), `binomial` (counts), `deviance` (the solver under it), `stopped`
(the unbiased rate after stopping at errors), `mean` (real-valued statistics).  Nothing heavy is imported here.
"""
