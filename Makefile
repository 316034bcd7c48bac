# The two commands are `make run` and `make test`; `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run build test check fmt lock bench clean

help:            ## list the commands
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+): *## */  make \1\t/' | expand -t 16

run:             ## install what is missing, then run Columna on this machine until Ctrl-C
	@$(PYTHON) -m config.launch.run

build:           ## install and build, but run nothing
	@$(PYTHON) -m config.launch.run --install-only

test:            ## bring what the tests need and run every check (up to half an hour)
	@$(PYTHON) -m config.launch.test

check:           ## the quick part of `make test`: lint, types, fast tests (under five minutes)
	@$(PYTHON) -m config.launch.test --quick

fmt:             ## format Python and TypeScript
	@$(PYTHON) -m config.launch.test --install-only
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .
	@cd frontend && npx eslint . --fix

lock:            ## resolve requirements*.in and package.json into the locks
	@$(PYTHON) -m config.launch.lock

bench:           ## measure every speed claim beside a peer
	@$(PYTHON) -m config.launch.test --install-only
	@.venv/bin/python -m benchmarks

clean:           ## remove what was installed and built; the data folder stays
	@rm -rf .venv frontend/node_modules frontend/dist tests/servers/ohif/node_modules .mypy_cache .ruff_cache .pytest_cache tests/artifacts
	@echo "Removed what was installed and built. Your data is still in $${COLUMNA_DATA_DIR:-var}."
