# labelsvc: `make demo` does the main job end to end, `make test` runs every test. Both set themselves up.
SHELL := /bin/sh
.DELETE_ON_ERROR:
# What Python compiled is kept, whatever the shell says: the tests start it a few hundred times.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: demo serve worker test check lint torture bench docs format clean

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# pip of Python 3.11 knows no dependency groups yet, so setting up begins with a newer one.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.ready: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "labelsvc needs $(PYTHON); name another with make PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(VENV) (once, a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade "pip>=25.1"
	@$(PIP) --editable . --group test --group check --group bench
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/python tests/flows/demo.py demo-output

serve: $(VENV)/.ready
	@$(BIN)/labelsvc init
	@exec $(BIN)/labelsvc serve

worker: $(VENV)/.ready
	@exec $(BIN)/labelsvc worker

# Three at a time on two cores: much of what is tested waits for a printer, a network or a clock.
test: $(VENV)/.ready
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(VENV)/.ready lint
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m "not slow"

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Ten thousand faults and more on virtual printers, on both databases; three quarters of an hour on a quiet machine. The last line says
# what they came to; whatever was wrong, or a test that did not come to its end, lets it fail.
torture: $(VENV)/.ready
	@rm -f .torture
	@status=0; TORTURE_OUT=.torture TORTURE_JOBS=$(or $(JOBS),3800) TORTURE_PARTS=40 TORTURE_STEP=1 TORTURE_LONG=5 \
		TORTURE_KILLS=$(or $(KILLS),10) $(BIN)/python -m pytest -q -n 2 --dist worksteal -o timeout=3000 \
		tests/printing/delivery/test_torture.py || status=1; \
	$(BIN)/python -m tests.printing.torture .torture $(or $(FAULTS),10000) || status=1; exit $$status

bench: $(VENV)/.ready
	$(BIN)/python -m bench

docs: $(VENV)/.ready
	$(BIN)/python tests/test_docs.py

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo-output build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
