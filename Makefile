# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
#
# Each target makes the environment ready first (minutes the first time, then a second).
# ARGS="..." goes to the command of the target; PYTHON=... chooses the Python to build with.

.DEFAULT_GOAL := help
.PHONY: help setup patrol test check fix bench bench-dashboard lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1|/' | \
	  awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

setup: ## only make the environment ready, checking every file of it
	@scripts/bootstrap > /dev/null

patrol: setup ## a simulated robot patrols a simulated store; alerts on http://127.0.0.1:8080 (ONCE=1: exit at the end)
	@scripts/run shelf-anomaly-sim patrol $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

test: setup ## run all tests (ARGS="-k tracker" runs some)
	@scripts/run python -m pytest $(ARGS)

check: setup ## lint, format, spelling and types
	@scripts/check

fix: setup ## the same, mending what a tool can mend
	@scripts/check --fix

bench: setup ## the time of each stage, and of the whole
	@scripts/run python benchmarks/speed.py $(ARGS)

bench-dashboard: setup ## the dashboard with 100,000 alerts, on SQLite and PostgreSQL
	@scripts/run python benchmarks/dashboard.py $(ARGS)

lock: setup ## resolve requirements/*.in anew (see requirements/README.md)
	@scripts/run requirements/lock $(ARGS)

clean: ## remove everything that was built
	rm -rf .venv* .bootstrap* ros2_ws/build* ros2_ws/install* ros2_ws/log*
