"""Makes `made_results`, the hand-made sweeps of tests/results, importable here."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "results"))
