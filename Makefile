# `make` lists the targets. Everything is installed into .venv, beside this file.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help venv demo test newest colab colab-tests slow bench bench-peers lint types docs dist clean

# The first of these that really runs (a name on PATH may be a shim that only fails)
# and is a version that the package is made for.
CANDIDATES := $(or $(PYTHON),python3 python3.12 python3.11 python3.10 python3.13)
IS_SUITABLE := import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))
FIND_PYTHON = for candidate in $(CANDIDATES); do \
    if "$$candidate" -c "$(IS_SUITABLE)" >/dev/null 2>&1; then echo "$$candidate"; exit 0; fi; \
  done; \
  echo "No working Python 3.10, 3.11, 3.12 or 3.13 found on PATH (tried: $(CANDIDATES));" \
    "install one, or name it: make PYTHON=/path/to/python3.11" >&2; \
  exit 1

BIN := .venv/bin
STAMP := .venv/.installed
NEWEST := .venv-newest
COLAB := .venv-colab
PEERS := .venv-peers
PIP := -m pip install --quiet --disable-pip-version-check
# Wherever pyenv keeps one, if `python3.13` is not on PATH.
PYTHON313 = $(firstword $(foreach candidate, \
  python3.13 $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.13*/bin/python3.13), \
  $(shell $(candidate) -c 'import sys; print(sys.executable)' 2>/dev/null)))
DOCS_STAMP := .venv/.installed-docs
RUN := runs/demo
# What can differ elsewhere. Of layers and files it is tried under Keras 2 as well, and with Colab's
# versions, which lie between the others.
DIFFERENT := not slow and not anywhere
LAYERS := $(patsubst %,tests/layers/test_%.py,checkpoints layer_contract older_models pqc quanv2d \
  ranks residual round_trips saving) tests/backends/test_backends.py tests/backends/test_without_tfq.py

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(STAMP)  ## create .venv and install the package in it, with its test tools

$(STAMP): setup.py requirements.txt pyproject.toml
	@python=$$($(FIND_PYTHON)); \
	echo "Creating .venv with $$("$$python" --version)"; \
	"$$python" -m venv --clear .venv
	$(BIN)/python $(PIP) --editable '.[test]'
	@touch $@

demo: $(STAMP)  ## train a two-layer ResQuNN on the digits data set
	rm -rf $(RUN)
	$(BIN)/resqunn train --dataset digits --out $(RUN)

test: $(STAMP)  ## run the default tests twice: with Keras 3, then with Keras 2
	$(BIN)/python -m pytest --numprocesses auto
	TF_USE_LEGACY_KERAS=1 $(BIN)/python -m pytest --numprocesses auto -m "not slow and not once" tests

newest: $(NEWEST)/.installed  ## run them without TensorFlow Quantum, on the newest versions
	$(NEWEST)/bin/python -m pytest --numprocesses auto -m "$(DIFFERENT)"
	TF_USE_LEGACY_KERAS=1 $(NEWEST)/bin/python -m pytest --numprocesses auto -m "$(DIFFERENT) and not once" $(LAYERS)

colab:  ## run the tutorials and the tests of layers and tools with Colab's versions, on Python 3.13
	@if [ -n "$(PYTHON313)" ]; then $(MAKE) --no-print-directory colab-tests; else \
	  echo "No Python 3.13 on PATH or in pyenv: the tests with Colab's versions are left out."; fi

colab-tests: $(COLAB)/.installed
	$(COLAB)/bin/python -m pytest --numprocesses auto -m "$(DIFFERENT)" tests/project/test_tutorials.py tests/tools $(LAYERS)

# On Python 3.13 where there is one.
$(NEWEST)/.installed: setup.py requirements.txt pyproject.toml
	@python="$(PYTHON313)"; python=$${python:-$$($(FIND_PYTHON))}; \
	echo "Creating $(NEWEST) with $$("$$python" --version)"; "$$python" -m venv --clear $(NEWEST)
	TFQ_RESQUNN_WITHOUT_TFQ=1 $(NEWEST)/bin/python $(PIP) --editable '.[test]'
	@touch $@

$(COLAB)/.installed: setup.py requirements.txt pyproject.toml tests/colab.txt
	$(PYTHON313) -m venv --clear $(COLAB)
	$(COLAB)/bin/python $(PIP) --requirement tests/colab.txt
	$(COLAB)/bin/python $(PIP) --constraint tests/colab.txt --editable . \
	  hypothesis keras-tuner nbclient nbformat packaging pytest pytest-xdist qiskit qiskit-qasm3-import
	@touch $@

slow: $(STAMP)  ## run the slow tests
	$(BIN)/python -m pytest --numprocesses auto -m slow

bench: $(STAMP)  ## time training steps: compiled, TensorFlow Quantum, Conv2D
	$(BIN)/python -m benchmarks.training_step

bench-peers: $(STAMP) $(PEERS)/.installed  ## time training steps beside PennyLane's, in .venv-peers
	$(BIN)/python -m benchmarks.panel

$(PEERS)/.installed: benchmarks/peers.txt
	@python=$$($(FIND_PYTHON)); \
	echo "Creating $(PEERS) with $$("$$python" --version)"; "$$python" -m venv --clear $(PEERS)
	$(PEERS)/bin/python $(PIP) --requirement benchmarks/peers.txt
	@touch $@

lint: $(STAMP)  ## check the code's style and its formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## check the types, as Linux, macOS and Windows have them
	for system in linux darwin win32; do \
	  $(BIN)/mypy --platform $$system --cache-dir .mypy_cache/$$system; \
	done

docs: $(DOCS_STAMP)  ## build the documentation into site/; any warning or dead link fails
	$(BIN)/mkdocs build --strict

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python $(PIP) --editable '.[docs]'
	@touch $@

dist: $(STAMP)  ## build the wheel and the source distribution into dist/, and check them
	rm -rf build dist *.egg-info
	$(BIN)/python -m build --outdir dist
	$(BIN)/python -m twine check --strict dist/*
	rm -rf build *.egg-info

clean:  ## remove the environment, builds and caches (runs/ stays)
	rm -rf .venv $(NEWEST) $(COLAB) $(PEERS) build dist site *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage htmlcov
	find . -type d -name __pycache__ -prune -exec rm -rf {} +
