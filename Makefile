# `make` alone lists the targets. Each one sets up what it needs in .venv first.

.DEFAULT_GOAL := help
.PHONY: help run lecture test coverage test-long canary test-repeat check-repeat lint bench bench-quick \
	bench-compare cluster decisions fuzz hostile kill lossy load soak messages options docs licences \
	translated wheel release clean constraints

# The first of these that is new enough; `make PYTHON=...` takes another one.
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON := $(shell for p in $(PYTHONS); do $$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUNTIME := .venv/.runtime
INSTALLED := .venv/.installed
INTERFACE ?= 127.0.0.1
# Only from the command line: the name is too common in environments.
OPTIONS =
ifneq ($(if $(strip $(INTERFACE)),,$(filter run lecture,$(MAKECMDGOALS))),)
$(error INTERFACE is empty: give an address such as 127.0.0.1, or leave it out)
endif
BENCH := .venv/.bench $(addprefix bench/build/,load echo go)

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/make \1\t/p' Makefile | expand -t 20

run: $(RUNTIME)  ## start all services, the echo on port 9090, for this machine (INTERFACE=0.0.0.0: for all; OPTIONS="--log-file x": more)
	@[ $(INTERFACE) != 127.0.0.1 ] || case "$${LANGUAGE:-$${LC_ALL:-$${LC_MESSAGES:-$$LANG}}}" in \
		ru|ru[_.@:]*) echo "Только для этой машины; с 'make $(MAKECMDGOALS) INTERFACE=0.0.0.0' могут подключаться и другие.";; \
		*) echo "For this machine alone; 'make $(MAKECMDGOALS) INTERFACE=0.0.0.0' lets others connect, too.";; \
	esac
	@$(BIN)/twistd -n netlab --interface $(INTERFACE) $(OPTIONS)

lecture: override OPTIONS := --lecture $(OPTIONS)
lecture: run  ## start them as `make run` does, to send exactly what the lecture's servers send

test: $(INSTALLED)  ## run the tests, in about 3 minutes: under trial, under pytest, and real processes
	@echo "The tests take about 3 minutes on two cores."
	$(BIN)/trial tests.unit
	$(RUN) -m pytest $(UNIT) -p no:twisted tests/unit
	$(PYTEST) -m "not long" tests/integration

coverage: $(INSTALLED)  ## run the tests as `make test` does, and measure the coverage of the unit tests
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory test RUN="$(BIN)/coverage run"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

test-long: $(INSTALLED) .venv/.docs  ## run the long tests, in about 5 minutes: full numbers, stock transport, attacks
	@echo "The long tests take about 5 minutes on two cores."
	TRANSPORT=stock $(PYTEST) -m "not long" $(STREAMS)
	$(PYTEST) -m long tests/integration

canary:  ## run the unit tests with the newest Twisted, pre-releases included
	@$(PYTHON) -m venv --clear .canary
	@grep -iv '^twisted==' constraints.txt > .canary/constraints.txt
	PIP_CONSTRAINT=.canary/constraints.txt .canary/bin/python -m pip --disable-pip-version-check install --editable '.[dev]'
	.canary/bin/python -m pip --disable-pip-version-check install --pre --upgrade twisted
	.canary/bin/python -m pytest $(UNIT) -p no:twisted tests/unit

test-repeat: $(INSTALLED)  ## repeat tests while all cores are busy, and list failures (COUNT=10, TESTS=tests/integration)
	@$(BIN)/python -m tests.programs.repeat --count $(or $(COUNT),10) $(TESTS)

check-repeat: $(INSTALLED)  ## check correct and broken programs again and again while all cores are busy (COUNT=100, about 10 minutes each)
	@$(BIN)/python -m tests.programs.check_repeat --count $(or $(COUNT),100) $(PROGRAMS)

RUN = $(BIN)/python
PYTEST = $(BIN)/python -m pytest $(PARALLEL)

# Many tests of real processes wait rather than compute, so some workers more than there are cores;
# each costs 2 s to start. Among the short tests are bounds of CPU time, which grows if more processes
# share a core. Unit tests do not wait, and a worker that measures coverage costs 5 s to start.
MORE = 2
workers = --numprocesses $(shell n=$$(nproc); expr $$((n < 8 ? n : 8)) + $(1)) --dist loadgroup --max-worker-restart 0
PARALLEL = $(call workers,$(MORE))
UNIT = $(call workers,0)

# Tests of the services by stream also run without the fast path.
STREAMS := $(addprefix tests/integration/test_,echo_process.py conversations.py accounts.py workers.py)

lint: $(INSTALLED)  ## check format, style, types and the layers of the architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(BENCH)  ## measure the speed, in ratios to peers, and write docs/performance.md
	@$(BIN)/python -m bench.performance
	@$(BIN)/python -m bench.frames
	@$(BIN)/python -m bench.accounts
	@$(BIN)/python -m bench.chat
	@$(BIN)/python -m bench.faults

bench-quick: $(BENCH)  ## see in two minutes that the speed has not fallen by a third
	@$(BIN)/python -m bench.performance --quick

bench-compare: $(INSTALLED) bench/build/load  ## see in four minutes that no message takes more CPU time than in commit REV=main (LIMIT=3 percent)
	@$(BIN)/python -m bench.compare --limit="$(or $(LIMIT),3)" -- "$(REV)"

fuzz: .venv/.fuzz  ## look for input that breaks a parser, guided by coverage (SECONDS=60) and at random (COUNT=10000)
	@$(BIN)/python -m fuzz --seconds $(or $(SECONDS),60)
	@$(BIN)/python -m tests.programs.fuzz --count $(or $(COUNT),10000)
	@$(BIN)/python -m tests.programs.fuzz_chat --count $(or $(COUNT),10000)
	@$(BIN)/python -m fuzz.costs --count $(or $(COUNT),1000)

kill: $(INSTALLED)  ## kill the servers while they store, and see that nothing is lost (COUNT=200, DATABASE=postgresql)
	@$(BIN)/python -m tests.programs.kill --count $(or $(COUNT),200) --database $(or $(DATABASE),sqlite)

cluster: $(INSTALLED)  ## break a chat room on three nodes and their database, and see that each member hears each message once (COUNT=200)
	@$(BIN)/python -m tests.programs.cluster --count $(or $(COUNT),200)

lossy: $(INSTALLED)  ## have the chat on bad networks, and while everything goes wrong (COUNT=1000)
	@$(BIN)/python -m tests.programs.lossy --seeds $(or $(COUNT),1000) --members 3 --messages 4
	@$(BIN)/python -m tests.programs.lossy --members 50 --messages 200
	@$(BIN)/python -m tests.programs.chaos --seeds $(or $(COUNT),1000)

decisions: $(INSTALLED)  ## see in a minute that the faults of each seed repeat over real sockets under load (COUNT=1000)
	@$(BIN)/python -m tests.programs.decisions --seeds $(or $(COUNT),1000)

hostile: $(INSTALLED)  ## attack all services with a thousand peers, and see what each attack costs (ATTACK=name)
	@$(BIN)/python -m tests.hostile $(if $(ATTACK),"$(ATTACK)")

load: $(INSTALLED)  ## ten thousand connections at once (COUNT=10000)
	@$(BIN)/python -m tests.programs.load --count $(or $(COUNT),10000)

soak: .venv/.bench  ## all services at once for MINUTES=60: is memory flat, is the log explained?
	@$(BIN)/python -m tests.programs.soak --minutes $(or $(MINUTES),60) --plot docs/soak.png

options: $(INSTALLED)  ## write docs/options.md from the declarations of the options
	@$(BIN)/python -m tests.programs.options

messages: $(INSTALLED)  ## collect the messages of all programs for their translations, in twisted_lab/locale
	@$(BIN)/pybabel --quiet extract --no-location --sort-output --output-file=.venv/messages.pot twisted_lab
	@$(BIN)/pybabel --quiet update --domain=twisted_lab --input-file=.venv/messages.pot \
		--output-dir=twisted_lab/locale --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

# An installation compiles all translations; this compiles those that have changed since.
test coverage test-long test-repeat: $(patsubst %.po,%.mo,$(wildcard twisted_lab/locale/*/LC_MESSAGES/*.po))

%.mo: %.po | $(INSTALLED)
	@$(BIN)/pybabel --quiet compile --input-file=$< --output-file=$@

docs: .venv/.docs  ## build the documentation site, docs/_build/index.html
	@LC_ALL=C.UTF-8 $(BIN)/python -m sphinx --quiet --fail-on-warning -c docs . docs/_build
	@echo "The site is docs/_build/index.html."

licences: .venv/.bench .venv/.docs .venv/.fuzz  ## write the licences of all packages into docs/dependencies.md
	@$(BIN)/python -m tests.programs.licences

wheel: $(RUNTIME)  ## build the wheel, to install the command `netlab` elsewhere
	@PIP_BUILD_CONSTRAINT=$(CONSTRAINTS) $(PIP) --quiet wheel --no-deps --wheel-dir dist .
	@echo "The wheel is $$(ls -t dist/*.whl | head -n 1); pipx install FILE installs it."

translated: $(INSTALLED)  ## write into all translated pages that they are up to date
	@$(BIN)/python -m tests.programs.translations --update

release: $(INSTALLED)  ## make version VERSION=1.2.3: its number, and the change log from newsfragments/
	@$(BIN)/python -m tests.programs.release "$(VERSION)"
	@echo "See the change log, run .ci/run, and commit."

clean:  ## remove .venv and all that was built
	rm -rf .venv .canary dist build docs/_build .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache \
		.ruff_cache .import_linter_cache _trial_temp* twisted/plugins/dropin.cache bench/build
	find . -name __pycache__ -prune -exec rm -rf {} +
	find twisted_lab -name '*.mo' -delete

constraints:  ## pin the newest versions that pyproject.toml allows
	@rm -rf .venv
	$(MAKE) --no-print-directory .venv/.bench .venv/.docs .venv/.fuzz CONSTRAINTS=/dev/null
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

CONSTRAINTS := constraints.txt

# A .venv whose Python has gone, or is too old, is made anew.
ifneq ($(shell $(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null && echo good),good)
.PHONY: $(RUNTIME)
endif

# $(call install,what) shows pip's progress.
install = PIP_CONSTRAINT=$(CONSTRAINTS) PIP_BUILD_CONSTRAINT=$(CONSTRAINTS) $(PIP) install --editable '$(1)'

$(RUNTIME): pyproject.toml $(CONSTRAINTS)
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; on Debian or Ubuntu: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv with what the services need, about 100 MB ..."
	@$(BIN)/python -c '$(NEW_ENOUGH)' 2>/dev/null || rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(call install,.)
	@touch $@

$(INSTALLED): $(RUNTIME)
	@echo "Adding what the tests need, about 140 MB more ..."
	@$(call install,.[dev])
	@touch $@

.venv/.bench .venv/.docs .venv/.fuzz: .venv/.%: $(INSTALLED)
	@$(call install,.[$*])
	@touch $@

bench/build/%: bench/%.c $(wildcard bench/*.h)
	@mkdir -p $(@D)
	@cc -O2 -Wall -Wextra -o $@ $<

# Go is measured on machines that have a compiler for it.
bench/build/go: bench/echo.go
	@mkdir -p $(@D)
	@if command -v go >/dev/null; then go build -o $@ $<; else echo "no Go here" >&2; fi
