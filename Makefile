# Every command a person or a machine needs to run, test and serve the project. `make` alone lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.stamp-runtime
DEVELOPMENT := $(VENV)/.stamp-development

.PHONY: help install install-dev lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11 or newer, or say PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: install Python 3.11 or newer, or say PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt

# uv is some seven times faster; pip installs the same hashed pins where uv cannot reach the package index.
define install_pins
	@echo "Installing $(1) ..."
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes --compile-bytecode -r $(1) \
	  || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	@touch $@
endef

$(RUNTIME): requirements.txt requirements-uv.txt | $(PY)
	$(call install_pins,requirements.txt)

$(DEVELOPMENT): requirements-dev.txt requirements-uv.txt | $(PY)
	$(call install_pins,requirements-dev.txt)

install: $(RUNTIME) ## build .venv with the pinned, hashed requirements

install-dev: $(RUNTIME) $(DEVELOPMENT) ## the same, plus what lint and test need

UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --no-header --generate-hashes --universal --python-version 3.11
lock: | $(DEVELOPMENT) ## pin requirements*.txt anew from pyproject.toml
	$(UV_COMPILE) pyproject.toml -o requirements.txt
	$(UV_COMPILE) --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	echo uv | $(UV_COMPILE) --no-annotate -c requirements-dev.txt - -o requirements-uv.txt

clean: ## remove .venv and caches; var/ with the demo's data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
