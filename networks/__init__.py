"""Discrete-event quantum networks: hardware, protocols and their management.

This room is empty in version 0.1: the package exists so that the layer rule and the wheel know it.
"""
