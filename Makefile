# Every target does its own set-up: a virtual environment in .venv with the pinned dependencies.
SHELL := bash -o pipefail
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PINS := requirements/dev.txt requirements/tccli.txt
# Installs what its arguments pin. Of what pip says, SAID keeps the names, as they come, and its errors.
INSTALL := -m pip install --disable-pip-version-check --no-input --no-deps
SAID := 2>&1 | awk '/^Collecting / { sub(/==.*/, "", $$2); printf "%s ", $$2; fflush() } \
	/^Installing collected/ { printf "\nunpacking them\n"; fflush() } /^ERROR|^error/ { print; bad = 1 } bad && /^ / { print }'
COMPILE := pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help setup demo test test-3.10 test-browser check format package bench soak mutation audit sbom pins clean
help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready ## the virtual environment
$(VENV)/.ready: $(PINS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "eni-flowlog needs Python 3.10 or later; say make PYTHON=/path/to/python3.10")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing pinned dependencies into $(VENV), once:"
	@$(BIN)/python $(INSTALL) --require-hashes $(PINS:%=-r %) $(SAID)
	@$(BIN)/python $(INSTALL) -qq --no-build-isolation --editable .
	@touch $@

test: setup ## all tests, with coverage of handler/ at 100 % of branches; the function's on Python 3.10 too
	@$(BIN)/python -m pytest -n 4 --dist worksteal --cov --cov-report=term
	@$(MAKE) --no-print-directory test-3.10

test-3.10: setup ## the function's unit tests and its way of an event on the Python that it runs on
	@python=$$($(BIN)/python -c 'from ops.packaging import pythons; print(pythons.find((3, 10)) or "")') || exit 1; \
	if $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))'; then exit 0; fi; \
	if [ -z "$$python" ]; then echo "no Python 3.10 here: the function's tests have run on another Python only"; exit 0; fi; \
	if [ ! -e $(VENV)-3.10/.ready ] || [ requirements/dev.txt -nt $(VENV)-3.10/.ready ]; then \
	  echo "installing pinned dependencies into $(VENV)-3.10, once:"; \
	  "$$python" -m venv $(VENV)-3.10 && { $(VENV)-3.10/bin/python $(INSTALL) --require-hashes -r requirements/dev.txt $(SAID); } \
	    && touch $(VENV)-3.10/.ready || exit 1; fi; \
	$(VENV)-3.10/bin/python -m pytest -n 4 --dist worksteal --ignore tests/unit/test_no_secret_in_the_tree.py \
	  tests/unit tests/property/test_any_event.py tests/integration/test_event_path.py tests/integration/test_event_outcomes.py

test-browser: setup ## the auditor's page in Chromium (Debian: apt-get install chromium chromium-driver)
	@$(BIN)/python $(INSTALL) -qq --require-hashes -r requirements/browser.txt
	@$(BIN)/python -m pytest -s tests/browser

check: setup ## what CI runs: format, lint, imports, types, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory test

format: setup ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

package: setup ## .build/function/ and .build/function.zip, as deployed
	@$(BIN)/eni-flowlog package $(ARGS)

demo: setup ## the whole way, on this machine
	@$(BIN)/eni-flowlog demo

bench: setup ## what it costs, measured beside its peers (QUICK=1: fewer repetitions)
	@$(BIN)/python -m bench $(if $(QUICK),--quick) --markdown .build/bench.md

soak: setup ## 100,000 events while calls fail and processes are killed (EVENTS=2000: shorter)
	@$(BIN)/python -m soak $(if $(EVENTS),--events $(EVENTS)) $(if $(SEED),--seed $(SEED))

mutation: setup ## small changes in the function's code: does a test notice? (hours; ONLY="handler.cover.*": a part)
	@$(BIN)/python $(INSTALL) -qq --require-hashes -r requirements/mutation.txt
	@$(BIN)/mutmut run --max-children 2 $(if $(ONLY),"$(ONLY)")
	@$(BIN)/mutmut results

audit: setup ## known vulnerabilities in what is deployed; fails where they could not be looked up
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements/function.txt

sbom: package ## the bill of materials of the package (CycloneDX), .build/bom.json
	@$(BIN)/python -c 'import json; [print(c["name"], c["version"]) for c in json.load(open(".build/bom.json"))["components"]]'

pins: setup ## renew the hashed pins (run it with Python 3.10, what the function runs on)
	@cd requirements && for f in function dev browser mutation; do \
	  CUSTOM_COMPILE_COMMAND="make pins" ../$(BIN)/$(COMPILE) --upgrade $$f.in -o $$f.txt; done
	@cd requirements && $(COMPILE:pip-compile=../$(BIN)/pip-compile) --upgrade --no-annotate tccli.in -o - 2>/dev/null \
	  | sed -nE '/^(tccli|cos-python-sdk-v5|crcmod-plus|pycryptodome|xmltodict)==/,/[^\\]$$/p' > tccli.txt

clean: ## away with all that make made
	rm -rf .venv .venv-3.10 .build build mutants .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
