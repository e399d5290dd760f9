# Each target makes its own .venv from nothing and is quick when nothing changed.
#   make demo    environment, quick suite, report
#   make test    environment, the tests that neither take long nor start a worker or a browser: most of them, in minutes
#   make test-all    environment, all tests, properties with all their examples
#   make test-costs  measures what tests cost, by which the two differ; TESTS=... for some
#   make check   environment, format, lint, types, layers
#   make lessons the pages of docs/lessons, from the docstrings of the workloads
#   make matrix  environments with other versions in MATRIX (outside of here, some 6 GB each), and docs/versions.md of what runs there
#   make gallery one of each chart, of the runs in results/reference
#   make clean   removes the environment and what tools cached
# TORCH=... installs your own build of torch, e.g. make demo TORCH="torch --index-url https://download.pytorch.org/whl/cu130"

PYTHON ?= python3
TORCH ?= torch
BIN := .venv/bin
READY := .venv/ready
DEMO ?= results/demo

.PHONY: demo test test-all test-costs check lessons matrix gallery clean

demo: $(READY)
	rm -rf $(DEMO)
	$(BIN)/bench run --preset quick --out $(DEMO)
	$(BIN)/bench show $(DEMO) --vs mode=eager
	$(BIN)/bench report $(DEMO) --out reports/demo

# Two at a time: many tests wait for processes. WORKERS=0 runs them one after the other.
WORKERS ?= 2
TESTS ?= tests
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
FAST = --hypothesis-profile=fast

test: $(READY)
	$(PYTEST) -m 'not heavy and not real' $(FAST) $(TESTS)

test-all: $(READY)
	$(PYTEST) $(TESTS)

# What decides is what a test costs in the fast tier.
test-costs: $(READY)
	$(PYTEST) --write-costs $(FAST) $(TESTS)

check: $(READY)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

lessons: $(READY)
	$(BIN)/bench list --pages docs/lessons --course docs/lessons/course.toml

# ONLY=... for those whose name holds a text.
MATRIX ?= /tmp/coursebench-matrix
matrix: $(READY)
	$(BIN)/python -m tests.matrix $(MATRIX) --workers $(WORKERS) --only '$(ONLY)'

gallery: $(READY)
	rm -rf reports/gallery
	$(BIN)/bench plot $(patsubst results/reference/%/run.json,reference:%,$(wildcard results/reference/*/run.json)) --gallery --out reports/gallery

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A user's own torch (TORCH=...) is installed first and left as it is; the pin of constraints.txt holds for the default.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "coursebench needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	@if [ "$(TORCH)" = torch ]; then cp constraints.txt .venv/constraints.txt; else grep -v '^torch==' constraints.txt > .venv/constraints.txt; fi
	PIP_CONSTRAINT=.venv/constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	PIP_CONSTRAINT=.venv/constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@
