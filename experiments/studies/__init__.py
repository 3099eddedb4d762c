"""Adapters between the runner and the domain packages: one file a study, found by entry point ``qsim.studies``."""
