# Two commands do everything: `make app` starts the dashboard, `make test` runs all checks.  While you work, `make check`
# runs those that are quick.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PORT   ?= 8501
PYTEST := $(BIN)/python -m pytest --numprocesses logical --dist

.PHONY: app test long ready check lint unit warm docs browser databases audit clean screenshots

# With ML=1 also the machine-learned potentials, 1.6 GB, for a second look at what was found.
app: $(VENV)/.app $(if $(ML),$(VENV)/.ml)
	$(BIN)/python -m rlcsp_core app --port $(PORT)

# Two at a time: pip and the system's packages, then style and compiling, then the tests.
test:
	@$(MAKE) --no-print-directory --jobs 2 ready
	@sh tests/audit.sh $(BIN)/python || echo "See above; 'make audit' fails as long as this is so."
	$(PYTEST) loadgroup -m "not browser and not long"
	$(PYTEST) load -m "browser and not long"

# What `make test` leaves out to stay below a quarter of an hour; before a release.
long: ready
	$(PYTEST) load -m long

ready: $(VENV)/.docs databases warm lint

# Quick: style, types, layers, and unit tests; no browser, no server, nothing slow.
check: $(VENV)/.test
	@$(MAKE) --no-print-directory --jobs 2 lint unit

# By file: what its tests share is made once.  One thread for linear algebra in each process: more wait for each other.
unit: warm
	OPENBLAS_NUM_THREADS=1 $(PYTEST) loadfile -m "not browser and not server and not slow and not long"

# Engines are compiled once, before: each worker of pytest would do it again.
warm: $(VENV)/.test
	$(BIN)/python -m rlcsp_core warm

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The documentation as a site, in site/; whatever is wrong with it is an error.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# Chromium from the system's packages where that is possible; without it the browser tests say so and are skipped.
browser:
	@sh tests/browser/install_chromium.sh

# PostgreSQL and MariaDB likewise: the store's contract is tested on all three kinds of database.
databases: browser  # one after the other: apt works for one at a time
	@sh tests/store/install_servers.sh

# Known weaknesses of the packages.  New ones come up without a change of ours, so `make test` reports and goes on.
audit: $(VENV)/.test
	@sh tests/audit.sh $(BIN)/python

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: $(VENV)/bin/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ml: $(VENV)/.app requirements-ml.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-ml.txt
	@touch $@

$(VENV)/.test: $(VENV)/.app requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-test.txt
	@touch $@

$(VENV)/.docs: $(VENV)/.test requirements-docs.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-docs.txt
	@touch $@

clean:
	rm -rf $(VENV) site

# Every page in both themes, as pictures to look at.
screenshots: $(VENV)/.test browser
	$(BIN)/python -m tests.browser.screenshots
