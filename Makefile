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

# The demo never touches a database or Redis that happens to be named in the shell.
# Not called DEMO: make would hand that value to every command in place of the DEMO of the shell.
AS_DEMO := DEMO=true DATABASE_URL=sqlite:///var/demo.sqlite3 MIGRATE_DATABASE_URL= REDIS_URL=
# Any process that loads the settings to look at the code alone.
CHECK := DEMO=true SECRET_KEY=only-for-checks-0000000000000000000000000000000000 DATABASE_URL=sqlite:///:memory: REDIS_URL=

# What an operator sets, for the checks of a deployment. Nothing of it is real and nothing is connected to.
PRODUCTION := DEMO=false DEBUG=false SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF \
  ALLOWED_HOSTS=support.example.com ALLOWED_ORIGINS=https://support.example.com PUBLIC_URL=https://support.example.com \
  DATABASE_URL=postgres://app@db.example.com/app MIGRATE_DATABASE_URL= REDIS_URL=redis://redis.example.com/0 \
  EMAIL_URL=smtp://mail.example.com:587

.PHONY: help install install-dev demo demo-reset migrate serve worker dev lint sbom test test-long faults screenshots packages lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

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

# Two processes on the demo's file would not see each other's messages, and a reset would pull it away from a running one.
define refuse_second_demo
if [ -f var/demo.pid ] && ps -p "$$(cat var/demo.pid)" -o args= 2>/dev/null | grep -q support_bot.supervise; then \
  echo "The demo of this folder is running already (process $$(cat var/demo.pid)): stop it first"; exit 1; fi
endef

demo: $(RUNTIME) ## serve the whole product with demo data: no key, no PostgreSQL, no Redis (PORT, default 8000)
	@$(refuse_second_demo)
	@mkdir -p var
	@$(AS_DEMO) $(PY) manage.py migrate --verbosity 0
	@$(AS_DEMO) $(PY) manage.py seed_demo
	@echo
	@echo "  http://$${HOST:-127.0.0.1}:$${PORT:-8000}/        password of everybody: demo"
	@echo "  customers  alice, bob        /chat/"
	@echo "  reviewers  rita, ravi        /admin/tools/approval/"
	@echo "  staff      sam (looks on), root (superuser)"
	@echo "  Ctrl-C stops it. The data stays in var/demo.sqlite3; make demo-reset starts over."
	@echo
	@$(AS_DEMO) PIDFILE=$${PIDFILE:-var/demo.pid} $(PY) -m support_bot.supervise web

demo-reset: $(RUNTIME) ## throw the demo's data away and make it anew
	@$(refuse_second_demo)
	@mkdir -p var
	@rm -f var/demo.sqlite3 var/demo.sqlite3-wal var/demo.sqlite3-shm
	@$(AS_DEMO) $(PY) manage.py migrate --verbosity 0
	@$(AS_DEMO) $(PY) manage.py seed_demo
	@echo "The demo's data is new. make demo serves it."

migrate: $(RUNTIME) ## the tables, and on PostgreSQL the roles (as MIGRATE_DATABASE_URL where it is set)
	@mkdir -p var
	@$(PY) manage.py migrate

serve: $(RUNTIME) ## the web server, from the environment (HOST, PORT, PIDFILE ...)
	@$(PY) -m support_bot.supervise web

worker: $(RUNTIME) ## the Celery worker and beat, from the environment
	@$(PY) -m support_bot.supervise worker

dev: $(RUNTIME) ## serve, started again when a file changes (DEBUG=true unless set)
	@DEBUG=$${DEBUG:-true} $(PY) -m support_bot.supervise web --reload

lint: $(RUNTIME) $(DEVELOPMENT) ## ruff, mypy, import-linter, forgotten migrations, a deployment's settings, known holes
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(CHECK) $(VENV)/bin/lint-imports
	@$(CHECK) $(PY) -W ignore manage.py makemigrations --check --dry-run
	@$(CHECK) $(VENV)/bin/mypy
	@$(PRODUCTION) $(PY) -W ignore manage.py check --deploy --fail-level WARNING
	@.ci/audit $(VENV)/bin/pip-audit requirements.txt requirements-dev.txt

sbom: $(RUNTIME) $(DEVELOPMENT) ## what is pinned, as CycloneDX JSON in var/sbom.json
	@mkdir -p var
	@$(PY) -W ignore -m cyclonedx_py requirements requirements.txt --pyproject pyproject.toml \
	  --output-reproducible --validate --of JSON --output-file var/sbom.json
	@echo "var/sbom.json"

packages: ## PostgreSQL, Redis and Chromium for the tests, through apt where they are missing
	@.ci/packages

# To be measured makes a process slower by two fifths: only the tests that are about these packages are.
MEASURED := tests/chat tests/llm tests/tools tests/tracking
PYTEST := $(PY) -m tests.servers -- $(PY) -m pytest -n 3
COVERAGE := --cov=tools --cov=support_bot/chat --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=90

test: $(RUNTIME) $(DEVELOPMENT) packages ## everything, against throw-away servers; coverage of tools and chat
	@# Dozens of processes are started: where bytecode is not kept, each would compile the project anew.
	@$(PY) -m compileall -q support_bot tools tracking
	@$(PYTEST) tests $(MEASURED:%=--ignore=%); others=$$?; $(PYTEST) $(MEASURED) $(COVERAGE) && exit $$others

test-long: $(RUNTIME) $(DEVELOPMENT) packages ## the full-size cases of faults, fuzz and load, which make test runs scaled down
	@$(PY) -m compileall -q support_bot tools tracking
	@$(PY) -m tests.servers -- $(PY) -m pytest -m long -s

faults: $(RUNTIME) $(DEVELOPMENT) packages ## kill processes under load: N=300 kills, SEED=… ; again with the same seed goes on (docs/reliability.md)
	@$(PY) -m compileall -q support_bot tools tracking tests
	@$(PY) -m tests.faults $${N:-300} $${SEED:+--seed $$SEED}

screenshots: $(RUNTIME) $(DEVELOPMENT) ## take the pictures of the README anew, of a demo of their own
	@$(PY) -m tests.browser.screenshots

UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --no-header --generate-hashes --universal --python-version 3.11
lock: | $(DEVELOPMENT) ## pin requirements*.txt anew from pyproject.toml
	$(UV_COMPILE) pyproject.toml -o requirements.txt
	$(UV_COMPILE) --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	echo uv | $(UV_COMPILE) --no-annotate -c requirements-dev.txt - -o requirements-uv.txt

clean: ## remove .venv and caches; var/ with the demo's data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
