"""Coded computing: bilinear and approximate codes for matrix products, and what redundancy costs.

This room is empty in version 0.1: the package exists so that the layer rule and the wheel know it.
"""
