# labrelay: `make demo` shows the whole chain, `make test` proves it. ARGS="…" is passed on.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=

.PHONY: demo test faults drills schemathesis lint bench bench-inference docs locks system clean

demo: $(VENV)/.all
	$(BIN)/labrelay demo $(ARGS)

# Tests of whole systems wait for a third of their time: one worker more than there are processors keeps these busy.
TESTERS ?= $(shell $(PYTHON) -c "import os; print(min(6, 1 + (os.cpu_count() or 1)))")
test: $(VENV)/.dev system
	$(BIN)/python -m pytest --numprocesses $(TESTERS) --no-loadscope-reorder $(ARGS)

# All faults against two sides of real processes, judged by an oracle of the tests' own: --seconds S --seed N --json FILE.
faults: $(VENV)/.dev system
	$(BIN)/python -m tests.faults $(ARGS)

# Drills of docs/administrator.md with real sides, the longer ones too.
drills: $(VENV)/.dev
	LABRELAY_DRILLS=1 $(BIN)/python -m pytest tests/drills $(ARGS)

# Each documented call of the gateway's services with many bodies, queries and headers: CALLS of each.
CALLS ?= 200
schemathesis: $(VENV)/.dev
	LABRELAY_SCHEMATHESIS=$(CALLS) $(BIN)/python -m pytest tests/intruders/test_documented_calls.py $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests benchmarks tools
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# The networks against PyTorch and a plain threshold: speed and accuracy side by side.
bench-inference: $(VENV)/.dev
	$(BIN)/python -m benchmarks.inference $(ARGS)

# Pages that are made from the code.
docs: $(VENV)/.dev
	$(BIN)/python tools/error_page.py > docs/errors.md

# What the tests use besides Python packages: a browser, an MQTT broker, PostgreSQL, nginx. Without them those tests are skipped, and say so.
system:
	@sh tools/system-packages

# Hashed locks for every supported Python, without index addresses.
locks:
	sh tools/make-locks

clean:
	rm -rf $(VENV) demo-data labrelay-data .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.all: requirements/all.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.all
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@
