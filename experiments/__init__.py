"""Studies, sweeps and the runner that executes them.

Nothing heavy is imported here: names load when they are first used.
"""
