# klprove: everything that can be made. Python 3.11 or newer is looked for;
# PYTHON=... and VENV=... override what is used.

VENV   ?= .venv
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$each"; break; }; done)
BIN    := $(VENV)/bin
# What the demo sets up and what the tests add to it; each is redone when its lock file changes.
READY  := $(VENV)/.ready-run
TESTED := $(VENV)/.ready-test
MUTATED := $(VENV)/.ready-mutation
CLUSTERED := $(VENV)/.ready-cluster
WRITTEN := $(VENV)/.ready-manual

.DEFAULT_GOAL := help
.PHONY: help demo test corpus trust trust-run thread mutants mutmut mutmut-sample generations \
	core-table tso agree cross gcc csmith litmus herd fuzz same answers bench bench-updater bench-small \
	spin cluster pins lift kernel-source kernels kernel-lab test-kernels lint-modules lint-samples lint-cves manual lock \
	bench-lint bench-watch bench-picture screenshots fidelity rcu-off wheel wheel-check test-pythons pythons heads clean

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 15

demo: $(READY) ## set up, check handler F of the 2017 thread, show its table and one trace
	@echo '$$ klprove check handlers/2017/F.c --kernel v4.12rc --patch each --traces one'
	@$(BIN)/klprove check handlers/2017/F.c --kernel v4.12rc --patch each --traces one; \
	status=$$?; [ $$status -le 1 ] || exit $$status # 1: the handler is at fault, the demo is not

test: $(TESTED) ## set up, then ruff, import contracts, mypy --strict and the tests
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -q -n auto --dist worksteal

trust: $(TESTED) ## write docs/trust.md again: what verdicts rest on, from the last results
	@mkdir -p build
	$(BIN)/python -m trust page > build/trust.md && mv build/trust.md docs/trust.md

trust-run: $(TESTED) ## run every check of trust/checks.toml (an hour) and keep what it says
	$(BIN)/python -m trust run

mutmut: $(MUTATED) ## mutants of the rules of contexts against the tests that state them, and the score (10 minutes)
	$(BIN)/mutmut run
	@$(BIN)/mutmut export-cicd-stats >/dev/null && $(BIN)/python -m trust score mutants/mutmut-cicd-stats.json

mutmut-sample: $(MUTATED) ## a sample of mutants of interpreter, emitter, operators, values against their tests (7 minutes)
	@$(BIN)/python -m trust.sample

mutants: $(READY) ## write docs/mutants-v4.12.md again: which changes of the kernel model are seen (7 minutes)
	$(BIN)/klprove mutate campaigns/v4.12.toml -o docs/mutants-v4.12.md

corpus: $(READY) ## every twin of the corpus: what is expected and what comes out
	@$(BIN)/klprove corpus

thread: $(READY) ## write docs/thread-2017.md again, every verdict from a run
	$(BIN)/klprove thread claims/2017 -o docs/thread-2017.md

GENERATIONS := v4.12rc,v4.12,v4.14,v4.16,v4.20,v5.8,v5.11,v6.0,v6.3,v6.4,v6.12,v6.18

generations: $(READY) ## write docs/generations*.md again: the handlers of 2017, and each kernel's own, on every kernel
	$(BIN)/klprove compare handlers/2017/*.c --kernels $(GENERATIONS) \
		-D KLP_WAIT_RCU=1 -D CPUIDLE_TRACEABLE=1 -o docs/generations-2017.md
	$(BIN)/klprove compare handlers/own.c --kernels $(GENERATIONS) \
		-D CPUIDLE_TRACEABLE=1 -o docs/generations.md

screenshots: $(TESTED) build/pictures.json ## write docs/pictures again with Chromium and pdftoppm (2 minutes with what it needs)
	@$(BIN)/python -m tests.report.picture.screenshots build/pictures.json docs/pictures

build/pictures.json: | $(READY)
	@mkdir -p build
	@echo 'two handlers on four kernels, a minute'
	@$(BIN)/klprove compare handlers/2017/A.c handlers/2017/F.c --kernels v4.12rc,v4.20,v5.8,v6.12 \
		-D KLP_WAIT_RCU=1 -D CPUIDLE_TRACEABLE=1 --no-times --json $@ >build/pictures.txt

build/compare.json: | $(READY)
	@mkdir -p build
	$(BIN)/klprove compare handlers/2017/*.c --kernels $(GENERATIONS) \
		-D KLP_WAIT_RCU=1 -D CPUIDLE_TRACEABLE=1 --no-times --json $@ >build/compare.txt

core-table: $(READY) ## write the tables of docs/livepatch-core.md again: every case, every generation (10 minutes)
	$(BIN)/python -m tests.kernels.transitions

answers: $(READY) ## seconds from the command to the answer, for every model of the corpus
	@$(BIN)/python -m bench.answers

agree: $(TESTED) ## reduced searches against the full one, on 2,000 generated programs
	$(BIN)/python -m tests.engine.agree

cross: $(TESTED) ## exported models through SPIN: the same states and findings; skipped without SPIN
	@$(BIN)/python -m tests.export.cross

gcc: $(TESTED) ## 1,200 sequential programs compiled by gcc and run, lowered and run: the same values
	@$(BIN)/python -m tests.lower.judge

csmith: ## install Csmith from Debian, for gcc
	apt-get install -y csmith gcc

same: $(READY) ## the same commands under other hash seeds, -j, folders, zones and languages, compared
	@$(BIN)/python -m tests.determinism

fuzz: $(TESTED) ## bytes that nobody meant to write, to every reader, SECONDS=600 to each
	@$(BIN)/python -m tests.fuzz $(or $(SECONDS),600)

bench: $(READY) ## side by side with SPIN, raw and to the verdict (half an hour); skipped without SPIN
	@$(SPIN) $(BIN)/python bench/spin.py all

bench-updater: $(READY) ## every handler at every site beside an updater: states and seconds (5 minutes)
	@for each in A B C D D2 E F G; do \
		echo "$$each"; \
		$(BIN)/klprove check handlers/2017/$$each.c --kernel v4.12rc --patch each --cpus 2 --traces none \
			2>/dev/null | grep -A1 '^bounds'; \
	done

bench-small: $(READY) ## the cases of bench that take seconds
	@$(SPIN) $(BIN)/python bench/spin.py all small

bench-lint: $(READY) ## seconds of lint with a warm cache, for one function and for 5,000; VMLINUX=file
	@$(BIN)/python bench/lint.py $(VMLINUX)

bench-picture: $(TESTED) build/compare.json ## milliseconds of a step among 10,000 in the page of `klprove report`, and of its matrix
	@$(BIN)/python -m bench.picture build/compare.json

bench-watch: $(READY) ## CPU seconds of a look of `klprove watch` at 100,000 threads
	@$(BIN)/python -m bench.watch

engines: $(READY) ## seconds of each engine on the same questions
	@$(BIN)/python bench/speed.py

tso: $(READY) ## the litmus table: what klprove allows under x86-TSO, and what the published model does
	@$(BIN)/python -m tests.litmus

herd: $(TESTED) ## exported litmus tests through herd7, SC and LKMM=tools/memory-model; skipped without herd7
	@$(BIN)/python -m tests.litmus.herd

litmus: $(TESTED) ## exported litmus tests, 1,000 programs, against an axiomatic enumeration of SC
	@$(BIN)/python -m tests.litmus.axioms

spin: ## install SPIN from Debian, for bench and cross
	apt-get install -y spin gcc

cluster: $(CLUSTERED) ## a campaign on two local Ray workers, one of which is killed (installs Ray)
	@$(BIN)/python bench/cluster.py

pins: $(TESTED) ## run the corpus and write the numbers of states that it pins
	KLPROVE_UPDATE=1 $(BIN)/pytest -q tests/corpus

lint-modules: $(READY) ## livepatch modules, good and bad ones a rule, against Debian's headers (KDIR=others); VMLINUX=file for all rules
	@$(if $(KDIR),KDIR=$(KDIR)) $(BIN)/python -m tests.lint.debian $(VMLINUX)

lint-samples: $(READY) ## the kernel's own livepatches built and judged; SOURCE=linux-source VMLINUX=file [KDIR=headers]
	@$(BIN)/python -m tests.lint.samples $(SOURCE) $(VMLINUX) $(KDIR)

lint-cves: $(READY) ## fixes of CVEs as livepatches for a kernel of Debian: is found what was judged? (fetches 1.2 GB); LOAD=1: loads them, too
	@$(BIN)/python -m tests.lint.cves $(if $(WRITE),--write) $(if $(LOAD),--load) $(NAME)

lift: $(READY) build/linux-source ## Debian's own text in the place of the model v6.0's: are the answers the same?
	@$(BIN)/klprove lift build/linux-source --kernel v6.0 --check

build/linux-source: | $(READY)
	$(BIN)/python -m tests.sources.fetch

kernel-source: $(READY) ## fetch the kernel's own text from Debian, for the tests that parse it
	$(BIN)/python -m tests.sources.fetch

kernels: $(TESTED) ## fetch Debian's kernels 6.1 and 6.12 (2 GB) for the tests of scan; keeps two vmlinux (1 GB)
	@$(BIN)/python -m tests.scan.kernels

kernel-lab: $(TESTED) ## kernels, their headers (unpacked, not installed), QEMU, busybox: for test-kernels; SERIES=6.12 for one
	@$(BIN)/python -m tests.lab.debian $(SERIES)
	@$(BIN)/python -m tests.watch.debian

test-kernels: $(TESTED) ## boot Debian's kernels under QEMU: what is seen against their maps, traces against the kernel; SERIES=6.12 for one, JOBS=1: one machine at a time
	@KLPROVE_LAB=1 KLPROVE_SERIES="$(SERIES)" $(BIN)/python -m pytest -p tests.lab.series -q -rs -n $(or $(JOBS),2) --dist loadscope tests/lab/test_real.py tests/watch/test_guest.py tests/replay/test_real.py tests/test_docs.py

fidelity: $(TESTED) ## the model of RCU's hooks beside Debian's 6.1, driven to every step of it under QEMU
	@$(BIN)/python -m tests.scan.kernels
	@$(BIN)/klprove fidelity --kernel build/kernels/vmlinux-6.1.[0-9]*

rcu-off: $(TESTED) ## write docs/rcu-off-6.1.md again: every patchable function that RCU does not watch, with its path
	@mkdir -p build
	@$(BIN)/python -m tests.scan.kernels
	@$(BIN)/python -m tests.scan.page build/kernels/vmlinux-6.1.[0-9]* build/kernels/vmlinux-6.12.[0-9]* \
		> build/rcu-off.md && mv build/rcu-off.md docs/rcu-off-6.1.md

wheel: $(READY) ## build/dist: sdist and wheel, the same bytes from the same text
	@rm -rf build/dist
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 315532800)} \
		$(BIN)/python -m hatchling build -d build/dist

wheel-check: $(TESTED) wheel ## install the wheel with pip, pipx and uv into empty environments, as a hook of pre-commit, and check a handler
	@$(BIN)/python -m tests.packaging build/dist

test-pythons: $(TESTED) wheel ## the wheel under every Python at hand (PYTHONS='chroot python ...'), and which package stops one
	@$(BIN)/python -m tests.packaging.pythons build/dist $(PYTHONS)

pythons: ## Debian 13 and unstable in build/pythons, for their Pythons (root, and Debian's mmdebstrap)
	@mkdir -p build/pythons
	@for suite in trixie sid; do [ -d build/pythons/$$suite ] || mmdebstrap --variant=minbase \
		--include=python3,python3-venv,ca-certificates,gcc,libc6-dev --aptopt='Acquire::Check-Valid-Until "false"' \
		$$suite build/pythons/$$suite http://deb.debian.org/debian; done

heads: $(TESTED) ## write the line that names the licence into programs that lack it
	@$(BIN)/python -m tests.packaging.heads

manual: $(WRITTEN) ## write the manual to build/manual, for a browser, without network; a link that leads nowhere stops it
	@mkdir -p build
	@$(BIN)/python -m manual build/manual

lock: ## resolve the dependencies again: requirements*.lock
	$(if $(PYTHON),,$(error $(NO_PYTHON)))
	$(PYTHON) -m venv build/lock && build/lock/bin/pip install -q uv
	echo 'hatchling>=1.27' | $(COMPILE) --extra native --extra scan pyproject.toml - -o requirements.lock
	$(COMPILE) --extra native --extra scan --extra parquet --extra manual --extra test -c requirements.lock pyproject.toml -o requirements-test.lock
	$(COMPILE) --extra mutation -c requirements-test.lock pyproject.toml -o requirements-mutation.lock
	$(COMPILE) --extra cluster -c requirements-test.lock pyproject.toml -o requirements-cluster.lock
	$(COMPILE) --extra manual -c requirements-test.lock pyproject.toml -o requirements-manual.lock

clean: ## remove the environment and every cache
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

SPIN      := for each in spin gcc; do command -v $$each >/dev/null || \
	{ echo "skipped, $$each is not installed (make spin)"; exit 0; }; done;
COMPILE   := build/lock/bin/uv pip compile -q --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate
NO_PYTHON := klprove needs Python 3.11 or newer and found none; install it, or say make PYTHON=...

$(READY): requirements.lock pyproject.toml
	$(if $(PYTHON),,$(error $(NO_PYTHON)))
	@echo "setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo 'no module venv: on Debian, apt install python3-venv'; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(MUTATED): $(TESTED) requirements-mutation.lock
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-mutation.lock
	@touch $@

$(WRITTEN): $(READY) requirements-manual.lock
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-manual.lock
	@touch $@

$(CLUSTERED): $(READY) requirements-cluster.lock
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-cluster.lock
	@touch $@

$(TESTED): $(READY) requirements-test.lock
	@echo 'installing what the tests need'
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@
