# Two commands matter: `make demo` and `make test`. Each does all of its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: setup demo test test-forge test-python test-brownie lint clean

setup: $(VENV)/.ready

node_modules/.ready: package.json package-lock.json
	npm ci --silent
	touch $@

# Brownie's compiled wheel breaks on several settings; its pure build does not (and loosens its exact pins).
$(VENV)/.ready: pyproject.toml constraints.txt node_modules/.ready tools/install_solc.py
	$(PYTHON) -m venv $(VENV)
	BROWNIE_LIB=1 BROWNIE_NOCOMPILE=1 $(BIN)/pip install --quiet --disable-pip-version-check \
		--no-binary eth-brownie -c constraints.txt -e '.[contracts,dev]'
	$(BIN)/python tools/install_solc.py
	touch $@

demo: setup
	$(BIN)/gengov devnet demo

test: setup test-forge test-python test-brownie

test-forge:
	forge test

test-python:
	$(BIN)/pytest

test-brownie:
	$(BIN)/brownie test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	forge fmt --check
	solhint --max-warnings 0 'contracts/**/*.sol'

clean:
	rm -rf build .pytest_cache .mypy_cache .ruff_cache
