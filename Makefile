# Two commands do everything: `make app` starts the dashboard, `make test` runs all checks.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PORT   ?= 8501

.PHONY: app test lint browser databases audit clean screenshots

app: $(VENV)/.app
	$(BIN)/python -m rlcsp_core app --port $(PORT)

test: $(VENV)/.test browser databases lint
	@sh tests/audit.sh $(BIN)/python || echo "See above; 'make audit' fails as long as this is so."
	$(BIN)/python -m pytest

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Chromium from the system's packages where that is possible; without it the browser tests say so and are skipped.
browser:
	@sh tests/browser/install_chromium.sh

# PostgreSQL and MariaDB likewise: the store's contract is tested on all three kinds of database.
databases:
	@sh tests/store/install_servers.sh

# Known weaknesses of the packages.  New ones come up without a change of ours, so `make test` reports and goes on.
audit: $(VENV)/.test
	@sh tests/audit.sh $(BIN)/python

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: $(VENV)/bin/python requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/.app requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-test.txt
	@touch $@

clean:
	rm -rf $(VENV)

# Every page in both themes, as pictures to look at.
screenshots: $(VENV)/.test browser
	$(BIN)/python -m tests.browser.screenshots
