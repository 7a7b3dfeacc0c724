# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The two commands are `make demo` and `make test`; `make help` lists the rest.

BIN := .venv/bin
COLLECTION := collections/ansible_collections/patchops/fleet
PYTEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test full faults lint bench dist docs clean venv lab-tools test-servers

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv:
	@scripts/prepare venv

lab-tools:
	@scripts/prepare lab

test-servers:
	@scripts/prepare tests

demo: venv lab-tools ## six real hosts: scan, canary, seal, patch, one bad update taken back (KEEP=1 keeps the lab)
	@$(BIN)/python -m patchops_lab.demo $(if $(KEEP),--keep)

test: venv lab-tools test-servers ## every check: linters, types, unit, packaging and lab tests (PYTEST_ARGS adds options)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --durations=15 $(PYTEST_ARGS)

full: venv lab-tools test-servers ## what `make test` only samples: every fault, and thousands of examples of each property (PATCHOPS_SEED repeats)
	@PATCHOPS_EXAMPLES=$${PATCHOPS_EXAMPLES:-2000} $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --durations=15 -m 'faults or full or hypothesis' $(PYTEST_ARGS)

faults: venv lab-tools ## the part of it with faults: every fault on every distribution, kills at random, boots in QEMU: about 40 minutes on two cores (PATCHOPS_SEED repeats)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --durations=15 -m faults $(PYTEST_ARGS)

lint: venv ## the fast checks only: ruff, mypy, yamllint, Python 3.6 syntax
	@$(BIN)/python -m pytest -q -m fast wrapper/tests/gates

bench: venv lab-tools ## how long it takes: assessment, and PatchOps beside plain Ansible (BENCH_ARGS="--quick" and more)
	@if [ -n "$(BENCH_ARGS)" ]; then :; elif [ -d ../shared/data ]; then $(BIN)/python wrapper/benchmarks/assessment.py; else \
		echo "SKIPPED: the assessment's figures; its reference data (../shared/data) is not here"; fi
	@$(BIN)/python -m benchmarks.side_by_side $(BENCH_ARGS)

dist: venv ## the wheels in dist/: PatchOps with its bill of materials (CycloneDX), and the lab
	@$(BIN)/python -m build --wheel --outdir dist . >/dev/null
	@$(BIN)/python -m build --wheel --outdir dist lab >/dev/null
	@for wheel in dist/patchops-*.whl; do $(BIN)/python scripts/sbom "$$wheel" >"$$wheel.cdx.json" && echo "$$wheel.cdx.json"; done

docs: venv ## write docs/reference/ and the schemas anew from the code, and the changelog from its fragments
	@PYTHONPATH=collections $(BIN)/python -m ansible_collections.patchops.fleet.plugins.plugin_utils.contract_schemas
	@$(BIN)/python scripts/reference docs/reference
	@cd $(COLLECTION) && PATH="$(CURDIR)/$(BIN):$$PATH" antsibull-changelog release --update-existing --refresh --reload-plugins

clean: ## remove what was built in this checkout (caches outside of it stay)
	@rm -rf dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .ansible $(COLLECTION)/tests/output
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
