# Segue: `make run` starts it, `make test` proves it. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= Pickles
PORT ?= 8050
export MUSIC
MUSIC_CACHE ?= .music
HOURS ?= 1.3
PRECISION ?= float32

.PHONY: help install install-dev run test check lint words screenshots bench music model live-models lock clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(VENV)/.run ## Make the virtual environment with what running needs

$(VENV)/.run: requirements.lock requirements-musicnn.txt pyproject.toml setup.sh
	@./setup.sh $(VENV) $(PYTHON) requirements.lock
	@touch $@

install-dev: $(VENV)/.dev ## As install, with what training and tests need

$(VENV)/.dev: requirements-dev.lock requirements-musicnn.txt pyproject.toml setup.sh
	@./setup.sh $(VENV) $(PYTHON) requirements-dev.lock
	@touch $@ $(VENV)/.run

run: install ## Serve Segue on http://127.0.0.1:8050; MUSIC=~/Music for your own folder
	@$(BIN)/segue serve --data "$(DATA)" --port $(PORT) $(if $(MUSIC),--music "$$MUSIC",--demo)

test: check ## Everything: lint, types, all tests, the real browsers included

check: install-dev lint ## What CI runs
	@$(BIN)/python tests/tools.py
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: install-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy

words: install-dev ## Bring the languages up to date with the sources; NEW=fr begins another
	@$(BIN)/python -m tests.catalogues $(NEW)

screenshots: install-dev ## Take the pictures in docs/screenshots anew; to be looked at afterwards
	@$(BIN)/python -m tests.screenshots .screenshots

bench: install-dev ## Measure speed and memory; ONLY=prefix for a part
	@$(BIN)/python -m benchmarks.run $(if $(ONLY),--only "$(ONLY)") --music $(MUSIC_CACHE)

music: ## Fetch free real music (230 MB) for the tests and the benchmark
	@tests/music.sh small $(MUSIC_CACHE)

model: install-dev ## Train the bundled ear anew; resumes where it stopped. HOURS=1.3; PRECISION=bfloat16 on new CPUs
	@tests/music.sh training .training/music
	@$(BIN)/python -m pip download -q --no-deps -d .training/wheel musicnn==0.1.0
	@$(BIN)/python -m zipfile -e .training/wheel/musicnn-0.1.0-py3-none-any.whl .training/musicnn
	@$(BIN)/python train_speccy.py --recipe bundled --music .training/music \
	  --teacher .training/musicnn/musicnn/MSD_musicnn --work .training/speccy \
	  --hours $(HOURS) --precision $(PRECISION)

live-models: install-dev ## Fit anew what `segue live` undoes rooms by, and tells speech by; minutes, resumes
	@tests/music.sh live .training/music
	@for recipe in room speech; do \
	  $(BIN)/python train_speccy.py --recipe $$recipe --music .training/music --work .training/live || exit; done

lock: ## Resolve the lock files anew
	@for set in requirements requirements-train requirements-dev; do \
	  uv pip compile -q --universal --python-version 3.11 --no-annotate --no-emit-index-url --no-emit-find-links --no-header $$set.txt -o $$set.lock; done

clean: ## Remove everything that can be made again; your library in Pickles/ stays
	rm -rf $(VENV) .training .screenshots dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
