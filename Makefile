# Tasks of the project. Each makes the virtual environment it needs; `make` alone lists them.

PYTHON ?= python3
VENV   ?= .venv
# More arguments, for pytest (make test ARGS="-k schedule") or the benchmarks (make bench ARGS="--extensions 1000")
ARGS   ?=

BIN   := $(VENV)/bin
STAMP := $(VENV)/.stamp
DEMO  := examples/cabinet/cabinet.pol

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-thorough check test-pbx test-freeswitch bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

venv: $(STAMP) ## make or refresh the virtual environment

# Without build isolation the build backend, too, has the version of constraints.txt.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'policyc needs Python 3.11 or later; name one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make a virtual environment (no ensurepip)." >&2; \
	  echo 'On Debian and Ubuntu: sudo apt install python3-venv; or name another: make PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

demo: $(STAMP) ## check, test and compile the example, follow some calls, show where each rule went
	$(BIN)/policyc check $(DEMO)
	$(BIN)/policyc test $(DEMO)
	$(BIN)/policyc compile $(DEMO) --target asterisk --out build/demo
	@echo; $(BIN)/policyc trace $(DEMO) --from 06.39.98.12.34 --to 102 --at 2026-11-23T10:00
	@echo; $(BIN)/policyc trace $(DEMO) --from +33639981234 --to "Dr Martin" --at 2026-11-23T22:00
	@echo; $(BIN)/policyc trace $(DEMO) --from anonymous --to Accueil --at 2026-12-25T10:00
	@awk -f examples/regles.awk $(DEMO) build/demo/asterisk/policyc.conf

test: $(STAMP) ## the tests, without those that need a PBX
	$(BIN)/python -m pytest -q -n auto --dist loadfile $(ARGS)

test-thorough: $(STAMP) ## more examples of laws that `make test` tries too
	HYPOTHESIS_PROFILE=more $(BIN)/python -m pytest -q -n auto --dist loadfile \
	  -m '(thorough or hypothesis) and not pbx and not pbx_freeswitch' $(ARGS)

check: $(STAMP) ## lint, format and strict types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test-pbx: $(STAMP) ## the tests that place calls on a real Asterisk (fetched into ~/.cache)
	tests/pbx/asterisk-sandbox
	POLICYC_REQUIRE_ASTERISK=1 $(BIN)/python -m pytest -q -m pbx $(ARGS)

test-freeswitch: $(STAMP) ## the tests that place calls on a real FreeSWITCH (of PATH, or named by POLICYC_FREESWITCH)
	POLICYC_REQUIRE_FREESWITCH=1 $(BIN)/python -m pytest -q -rs -m pbx_freeswitch $(ARGS)

bench: $(STAMP) ## the measures of docs/performance.md; smaller, leaving the page: make bench ARGS="--extensions 1000"
	$(BIN)/python tests/bench/run.py --json build/bench/compiler.json $(ARGS)
	tests/pbx/asterisk-sandbox
	$(BIN)/python tests/bench/routing.py --json build/bench/routing.json $(ARGS)
	$(BIN)/python tests/bench/peers.py --json build/bench/peers.json $(ARGS)
	$(if $(ARGS),,$(BIN)/python tests/bench/tables.py build/bench/compiler.json build/bench/routing.json build/bench/peers.json)

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
