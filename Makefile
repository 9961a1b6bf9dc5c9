# Everything starts from a clone: the environment is made when it is first needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A peer of the benchmarks, a binary in a package that wants an older MLflow: so it stands apart, and may be missing.
FASTTRACKML := fasttrackml==0.6.0

.PHONY: run test test-all lint bench scale docs clean

run: $(VENV)/.run
	$(BIN)/modelkeep serve

test: $(VENV)/.test
	$(BIN)/pytest -n auto

# The same and the slow ones: the example with several releases of MLflow, each installed for it.
test-all: $(VENV)/.test
	$(BIN)/pytest -n auto -m ""

lint: $(VENV)/.test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: $(VENV)/.bench $(VENV)/.fasttrackml
	$(BIN)/python -m bench $(BENCH)

# How cost grows with records: fills both databases, asks everything at each share, writes docs/performance.md.
scale: $(VENV)/.bench
	$(BIN)/python -m bench.scale $(SCALE)

docs: $(VENV)/.test
	$(BIN)/python -m tests.support.generate

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.test: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,lint]'
	touch $@

$(VENV)/.bench: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@

$(VENV)/.fasttrackml: $(VENV)/bin/python
	-$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(VENV)/fasttrackml $(FASTTRACKML) \
		&& touch $@
