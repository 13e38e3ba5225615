# `make` lists what can be done. Everything runs in .venv, which `make setup` makes; nothing needs root.
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
# What runs a second time, on a real PostgreSQL: models, verbs, queries, permissions, operations, and the resources.
ON_POSTGRESQL := tests/unit/accounts tests/domain/accounts tests/domain/operations tests/domain/projects \
	tests/domain/saved tests/domain/schedules tests/domain/media/test_catalog.py tests/domain/snapshots/test_heirs.py \
	tests/domain/snapshots/test_meanwhile.py tests/domain/snapshots/test_one_moment.py tests/domain/test_side_by_side.py \
	$(addprefix tests/api/test_,$(addsuffix .py,kept_backups lists permission_matrix projects requests tasks))
.PHONY: help setup demo test test-long lint format docs bench wheel clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Make .venv and install what the demo and the tests need
	@sh tools/setup.sh

demo: setup  ## Make a project, back it up, delete it, restore it, compare; then serve it (DEMO_ONCE=1: stop instead)
	@$(PYTHON) -m tools.demo

test: setup lint  ## Check the code and run all tests
	@sh tools/programs.sh
	@$(PYTHON) -m pytest -n auto --dist worksteal
	@LABELKEEP_TEST_DATABASE=postgresql $(PYTHON) -m pytest -n auto --dist worksteal $(ON_POSTGRESQL)

test-long: setup  ## Repeat at full size what `make test` does small; writes bench/RESULTS.md
	@sh tools/programs.sh
	@$(PYTHON) -m bench.long

lint: setup  ## ruff, mypy and import-linter
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@LABELKEEP_DATA_DIR=.mypy_cache/data .venv/bin/mypy src  # its Django plugin loads the settings, which want a directory
	@.venv/bin/lint-imports >/dev/null || .venv/bin/lint-imports

format: setup  ## Rewrite the code as ruff likes it
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

docs: setup  ## Write the generated pages of docs/ and THIRD_PARTY.md again
	@$(PYTHON) -m tools.docs

bench: setup  ## Measure the budgets against their references; writes bench/RESULTS.md
	@$(PYTHON) -m bench

wheel: setup  ## Build the wheel into dist/
	@$(PYTHON) -m build --wheel --no-isolation

clean:  ## Remove .venv and everything that was built
	rm -rf .venv .demo .bench dist build
