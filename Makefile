# The chores of this project, one word each. Needs GNU make, a Python from 3.11 on, pip and git.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PROOFS := $(VENV)/.installed-for-proofs
SOURCES := services shared cli tests bench alembic
KILLS ?= 20
SEED ?=
PYTEST_ARGS ?=
BTIM_ARGS ?=

# The first Python of a fitting version that can make an environment with pip in it.
PYTHON ?= $(firstword $(foreach name,python3.11 python3 python3.12 python3.13 python,$(shell \
	$(name) -c 'import ensurepip, sys, venv; print("$(name)" if sys.version_info >= (3, 11) else "")' \
	2>/dev/null)))

.PHONY: help setup demo furnishing up migrate test check prove connectors office crash-test bench types lock snapshots clean

help: ## this list
	@echo 'make <word>, where the word is one of'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1	\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

setup: $(STAMP) ## make .venv and install everything from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@test -n '$(PYTHON)' || { \
		echo 'No Python from 3.11 on with venv and pip was found; give one: make PYTHON=/path/to/python3.11' >&2; \
		exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo 'installing what requirements.lock lists; the first time takes about a minute'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $@

demo: $(STAMP) ## from a real ledger and a cloud bill to a report of who consumes what, in out/
	$(BIN)/btim demo $(BTIM_ARGS)

furnishing: $(STAMP) ## a furniture maker's year: costs, value, reviews, its published figures, in out/home-furnishing/
	$(BIN)/btim demo home-furnishing $(BTIM_ARGS)

up: $(STAMP) ## start everything and stay (Ctrl-C stops); BTIM_ARGS='--port-base 9001'
	@$(BIN)/btim up $(BTIM_ARGS)

migrate: $(STAMP) ## bring the database's schema to its newest version
	$(BIN)/btim migrate $(BTIM_ARGS)

test: $(STAMP) ## all tests but the slow proofs, file by file on two cores
	$(BIN)/python -m pytest -m 'not slow' -n 2 --dist loadfile $(PYTEST_ARGS)

check: $(STAMP) ## style, types, layers, dependencies
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

$(PROOFS): $(STAMP) requirements-prove.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--require-hashes -r requirements-prove.lock
	@touch $@

prove: $(PROOFS) ## the slow proofs
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

connectors: $(STAMP) ## the connectors against a real OData server and through every fault (needs npm)
	$(BIN)/python -m tests.connectors.cap
	$(BIN)/python -m pytest -m slow tests/connectors $(PYTEST_ARGS)

office: $(STAMP) ## reports calculated anew by LibreOffice (needs soffice)
	@if command -v soffice >/dev/null; then \
		$(BIN)/python -m pytest -m slow tests/unit/test_report_office.py $(PYTEST_ARGS); \
	else echo 'LibreOffice (soffice) is not installed; nothing was checked'; fi

crash-test: $(STAMP) ## kill -9 of one process at KILLS random moments, then count everything
	$(BIN)/python -m tests.crash.crash_test --kills $(KILLS) $(if $(SEED),--seed $(SEED))

bench: $(STAMP) ## the measured ratios, as tables
	@for script in $$(grep -l '^if __name__' bench/*.py); do \
		echo "== $$script"; $(BIN)/python -m bench.$$(basename $$script .py) || exit 1; done

types: $(STAMP) ## TypeScript types from the three OpenAPI documents, checked by tsc (needs npm)
	$(BIN)/python -m tests.contract.typescript build/types

lock: $(STAMP) ## write requirements.lock and requirements-prove.lock anew from pyproject.toml
	@test -x build/lock/bin/uv || { $(BIN)/python -m venv build/lock && \
		build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv; }
	build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock
	cp requirements.lock requirements-prove.lock
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --extra dev --extra prove pyproject.toml -o requirements-prove.lock

snapshots: $(STAMP) ## write the OpenAPI documents to tests/contract/snapshots anew
	$(BIN)/python -m tests.contract.write_snapshots

clean: ## remove what was made here: .venv, caches, out/, build/, and the data in .btim
	rm -rf $(VENV) build out .btim *.egg-info node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
