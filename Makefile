# Lambent's commands. `make help` lists them. Each installs what it needs into .venv and .tools.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AWSCLI := .tools/awscli
NODE_TESTS := tests/conformance/javascript/node_modules/.installed

.PHONY: help up test lint format bench coverage clean

help: ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/'

up: $(VENV)/.installed ## Start Lambent on 127.0.0.1:4566 with the sample application
	$(BIN)/lambent up --sample examples/hello

test: $(VENV)/.installed-dev $(AWSCLI)/.installed $(NODE_TESTS) ## Run every test
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.installed-dev ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## Put the code into its house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev ## Measure, as ratios taken in one run
	$(BIN)/python -m benchmarks $(ARGS)

coverage: $(VENV)/.installed ## Write the generated pages from the code that they tell of
	$(BIN)/lambent coverage > docs/coverage.md
	$(BIN)/python -m lambent.core.config_page > docs/configuration.md
	$(BIN)/python -m lambent.fleet.states_page > docs/environments.md

clean: ## Remove what the commands installed; data under .lambent stays
	rm -rf $(VENV) .tools tests/conformance/javascript/node_modules

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group test --group lint
	touch $@ $(VENV)/.installed

# The AWS CLI pins its own botocore, so it has an environment to itself.
$(AWSCLI)/.installed:
	$(PYTHON) -m venv $(AWSCLI)
	$(AWSCLI)/bin/python -m pip install --quiet --disable-pip-version-check awscli
	touch $@

$(NODE_TESTS): tests/conformance/javascript/package.json
	cd tests/conformance/javascript && npm install --silent --no-audit --no-fund
	touch $@
