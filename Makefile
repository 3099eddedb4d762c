# Everything a clone needs.  `make help` lists the targets; each works from any directory with `make -C`.

PYTHON ?= python3
UV ?= uv
WORKERS ?= 2

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RESOLVE := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --quiet --upgrade

# The environment is bound to its path and its interpreter: after a move, or when the interpreter is gone, build it anew.
ifneq ($(shell cat $(VENV)/.made 2>/dev/null && $(BIN)/python -c '' 2>/dev/null && echo usable),$(CURDIR) usable)
$(shell rm -f $(VENV)/.made)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test lint install develop lock bench clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.core ## run the surface-code threshold sweep; results in demo/
	$(BIN)/qsim run experiments/sweeps/surface_threshold.toml --out demo --workers $(WORKERS)
	$(BIN)/qsim export demo --format csv
	$(BIN)/qsim plot demo
	$(BIN)/qsim report demo
	$(BIN)/qsim table demo
	@echo "The ledger, table.csv, plot.svg, plot.png and report.html are in demo/; open demo/report.html in a browser."

test: lint ## run the checks of `make lint`, then every test
	$(BIN)/python -m pytest

lint: $(VENV)/.dev ## check style, types, layers and lock files
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python requirements/in_step.py

install: $(VENV)/.core ## make .venv with the locked core packages

develop: $(VENV)/.dev ## add the locked development packages

lock: ## resolve the dependencies again (needs uv and network)
	@command -v $(UV) > /dev/null || { echo "make lock needs uv: install it (pip install uv) or say where it is, make lock UV=PATH_OF_UV" >&2; exit 2; }
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | $(RESOLVE) --output-file requirements/build.txt -
	$(RESOLVE) --output-file requirements/core.txt pyproject.toml
	$(RESOLVE) --constraint requirements/core.txt --extra cluster --output-file requirements/cluster.txt pyproject.toml
	$(RESOLVE) --constraint requirements/core.txt --extra learn --output-file requirements/learn.txt pyproject.toml
	$(RESOLVE) --constraint requirements/core.txt --constraint requirements/cluster.txt --extra dev --output-file requirements/dev.txt pyproject.toml
	$(PYTHON) requirements/in_step.py --write

bench: $(VENV)/.dev ## run every benchmark (long: minutes to an hour)
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

clean: ## remove results, caches and build products; keep .venv
	rm -rf demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

distclean: clean ## remove .venv as well
	rm -rf $(VENV)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "qsim-workbench needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1); name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@pwd -P > $@

$(VENV)/.core: $(VENV)/.made requirements/build.txt requirements/core.txt pyproject.toml
	@echo "Installing the locked core packages into $(VENV): about a minute, once."
	$(PIP) install --quiet --require-hashes -r requirements/build.txt
	$(PIP) install --quiet --require-hashes -r requirements/core.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core requirements/dev.txt
	@echo "Installing the locked development packages into $(VENV)."
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
