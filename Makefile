# The few commands. Each sees to its own environment in .venv first; arguments go in ARGS="…".
ARGS =
bin = .venv/bin
benchmarks = $(sort $(subst _,-,$(subst /__main__,,$(patsubst benchmarks/%.py,%,\
  $(shell grep -ls __main__ benchmarks/*.py; ls benchmarks/*/__main__.py)))))

.DEFAULT_GOAL = help
.PHONY: help setup demo serve test check train-abacus pin

help: ## This list
	@sed -n 's/^\([a-z%-]*\):[^#]*## /\1|/p' $(firstword $(MAKEFILE_LIST)) | sed 's/%/NAME/' | \
	  awk -F '|' '{ printf "  make %-14s %s\n", $$1, $$2 }'
	@printf '\nArguments: make serve ARGS="--help".  Benchmarks: $(benchmarks).\n'

setup: ## Make .venv (see docs/setup.md); the others do so by themselves
	@sh scripts/setup.sh

demo: setup ## Start the bundled model and ask it questions of rising difficulty
	$(bin)/quorate demo $(ARGS)

serve: setup ## Start the server, with the bundled model unless told otherwise
	$(bin)/quorate serve $(ARGS)

test: setup ## Run the tests, those with a real vLLM too
	$(bin)/python -m pytest $(ARGS)

check: setup ## Lint, formatting, types, import contract
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports

bench-%: setup ## Run one benchmark and print its table
	$(bin)/python -m benchmarks.$(subst -,_,$*) $(ARGS)

train-abacus: setup ## Train the bundled model from nothing (an hour or two)
	$(bin)/python -m training.abacus.train $(ARGS)

pin: setup ## Write requirements/constraints*.txt anew, after a change of dependencies
	@sh scripts/pin.sh $(ARGS)
