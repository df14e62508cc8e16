# The chores of this project, one word each. Needs GNU make, a Python from 3.11 on, pip and git.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PROOFS := $(VENV)/.installed-for-proofs
SEMGREP := build/semgrep/.installed
SOURCES := services shared cli tests bench alembic
KILLS ?= 20
CRASH_ARGS ?=
SEED ?=
SECONDS ?= 600
COMPANIES ?= 1000
PYTEST_ARGS ?=
BTIM_ARGS ?=

# The first Python of a fitting version that can make an environment with pip in it.
PYTHON ?= $(firstword $(foreach name,python3.11 python3 python3.12 python3.13 python,$(shell \
	$(name) -c 'import ensurepip, sys, venv; print("$(name)" if sys.version_info >= (3, 11) else "")' \
	2>/dev/null)))

.PHONY: help alerts setup demo furnishing up prod-like secrets openapi load migrate backup restore test check prove large laws semgrep sbom connectors office crash-test bench contract lock snapshots clean

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

prod-like: $(STAMP) ## as in production, without containers: gateway, two of each service (needs nginx); BTIM_ARGS=--check
	@$(BIN)/btim up --replicas 2 --workers 2 --gateway-port 8000 \
		$(if $(shell command -v prometheus),--prometheus-port 9090) $(BTIM_ARGS)

load: $(PROOFS) ## a month's end for SECONDS=600: frontends, integrators, robots, a run a minute
	$(BIN)/python -m tests.operation.month_end.load --seconds $(SECONDS)

secrets: ## the passwords of the containers, made once, in deploy/secrets
	@mkdir -p -m 0700 deploy/secrets
	@for name in postgres-password database-password grafana-password; do \
		test -s deploy/secrets/$$name || { umask 333; \
		head -c 32 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' >deploy/secrets/$$name; }; done

openapi: $(STAMP) ## the one OpenAPI document of all three services, and its page, in build/openapi
	$(BIN)/btim openapi --out build/openapi

migrate: $(STAMP) ## bring the database's schema to its newest version
	$(BIN)/btim migrate $(BTIM_ARGS)

backup: $(STAMP) ## save database, files and keys into backups/, while everything goes on
	$(BIN)/btim backup $(BTIM_ARGS)

restore: $(STAMP) ## bring a backup back and compare it: make restore FILE=backups/....zip
	$(BIN)/btim restore $(FILE) $(BTIM_ARGS)

test: $(STAMP) ## all tests but the slow proofs, file by file on two cores
	$(BIN)/python -m pytest -m 'not slow' -n 2 --dist loadfile $(PYTEST_ARGS)

check: $(STAMP) ## style, types, layers, dependencies
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/bandit -q -ll -c pyproject.toml -r services shared cli alembic
	$(BIN)/python -m tests.security.looking_for_secrets
	$(BIN)/python -m tests.security.newest_migrations

$(PROOFS): $(STAMP) requirements-prove.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--require-hashes -r requirements-prove.lock
	@touch $@

$(SEMGREP): $(STAMP) tests/security/semgrep/requirements.txt
	@test -x build/semgrep/bin/python || $(BIN)/python -m venv build/semgrep
	build/semgrep/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--require-hashes -r tests/security/semgrep/requirements.txt
	@touch $@

semgrep: $(STAMP) $(SEMGREP) ## our own rules for this code, and the proof that each of them finds what it is for
	$(BIN)/python -m tests.security.semgrep.look

sbom: $(PROOFS) ## write sbom.json, the list of parts (CycloneDX), anew
	$(BIN)/python -m tests.security.parts sbom.json

LAWS = tests/unit/test_engine_proofs.py tests/unit/test_simulation.py tests/unit/test_ingest_dialects.py

prove: $(PROOFS) $(SEMGREP) ## the slow proofs but connectors, office, large, laws, load; over an hour on two cores
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile --no-loadscope-reorder \
		--ignore=tests/connectors --ignore=tests/unit/test_report_office.py \
		--ignore-glob='tests/large/test_large_*.py' $(LAWS:%=--ignore=%) $(PYTEST_ARGS)

large: $(STAMP) ## the proofs at a million lines and ten million flows
	$(BIN)/python -m pytest -m slow tests/large/test_large_*.py $(PYTEST_ARGS)

laws: $(STAMP) ## thousands of random models and ledgers, COMPANIES=1000 companies of up to 50 steps each
	COMPANIES=$(COMPANIES) $(BIN)/python -m pytest -m slow $(LAWS) tests/stateful $(PYTEST_ARGS)

connectors: $(STAMP) ## the connectors against a real OData server and through every fault (needs npm)
	$(BIN)/python -m tests.connectors.cap
	$(BIN)/python -m pytest -m slow tests/connectors $(PYTEST_ARGS)

office: $(STAMP) ## reports calculated anew by LibreOffice (needs soffice)
	@if command -v soffice >/dev/null; then \
		$(BIN)/python -m pytest -m slow tests/unit/test_report_office.py $(PYTEST_ARGS); \
	else echo 'LibreOffice (soffice) is not installed; nothing was checked'; fi

crash-test: $(STAMP) ## kill -9 of one process at KILLS random moments, then count everything
	$(BIN)/python -m tests.crash.crash_test --kills $(KILLS) $(if $(SEED),--seed $(SEED)) $(CRASH_ARGS)

bench: $(STAMP) ## the measured ratios, as tables
	@for script in $$(grep -l '^if __name__' bench/*.py); do \
		echo "== $$script"; $(BIN)/python -m bench.$$(basename $$script .py) || exit 1; done

alerts: $(STAMP) ## the alert rules checked and played through by promtool (Debian package prometheus)
	$(BIN)/python -m pytest tests/operation/test_alerts.py $(PYTEST_ARGS)

contract: $(STAMP) ## linters, generated clients and released documents against the OpenAPI documents (needs npm)
	@if command -v npm >/dev/null; then \
		$(BIN)/python -m pytest -m slow tests/contract/test_judges.py $(PYTEST_ARGS); \
	else echo 'npm is not installed; nothing was checked'; fi

lock: $(STAMP) ## write the three requirements*.lock anew from pyproject.toml
	@test -x build/lock/bin/uv || { $(BIN)/python -m venv build/lock && \
		build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv; }
	build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock
	cp requirements.lock requirements-prove.lock
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --extra dev --extra prove pyproject.toml -o requirements-prove.lock
	cp requirements.lock requirements-run.lock
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header pyproject.toml -o requirements-run.lock

snapshots: $(STAMP) ## write the OpenAPI documents to tests/contract/snapshots anew
	$(BIN)/python -m tests.contract.write_snapshots

clean: ## remove what was made here: .venv, caches, out/, build/, and the data in .btim
	rm -rf $(VENV) build out .btim *.egg-info node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
