"""Bilinear codes: matrix products spread over nodes so that failed, late or wrong ones change nothing."""
