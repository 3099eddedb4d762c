"""Coded computing: work spread over workers so that some of them may fail, stall or lie.

``coding.bilinear`` codes matrix products exactly; ``coding.approximate`` codes any function approximately.
"""
