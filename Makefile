# Every command sets up what it needs: a machine with Python ≥ 3.11 and make is enough.
# Everything that is installed is pinned by hash, in requirements.lock for .venv and in requirements-lowest.lock.

PORT ?= 8000
ARGS ?=
TARGETS ?= whatsapp telegram twilio tus multipart police offices packs evidence
SECONDS ?= 60

# The first of these that is new enough and can make a virtual environment.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$python; break; }; done)

# Processes that run tests. They wait for other processes a good deal, so two to a core keep the cores busy.
CORES := $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
JOBS ?= $(shell expr 2 '*' $(CORES))
# What is quick waits for nothing. One process takes a file at a time, those with slow tests first.
PYTEST := .venv/bin/pytest --dist loadfile --no-loadscope-reorder -n
# Databases of tests are written to memory where there is enough of it: half of a quick test is waiting for a disk.
IN_MEMORY = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 { print "TMPDIR=/dev/shm" }')
# Tests start a hundred processes: each would compile all of Satark again if nothing were written.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/ready
# What only this repository uses: benchmarks, fuzzing, chaos.
SUPPORT := PYTHONPATH=tests $(BIN)/python -m support
CLIPS := .venv/clips
LOWEST := $(CURDIR)/build/lowest
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input

.PHONY: help run quick test full outside lowest lint bench evidence-bench soak torture chaos faults upgrade fuzz mutation mutants audit sbom build release canary corpus lexicon docs clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(READY) ## start the demo at http://127.0.0.1:8000 (PORT=… changes the port)
	@nice $(BIN)/satark voice render $(CLIPS) >$(CLIPS).log 2>&1 & # for voice notes; a minute the first time
	@SATARK_VOICE_CLIPS=$${SATARK_VOICE_CLIPS:-$(CLIPS)} exec $(BIN)/satark demo --sample-week --port $(PORT) $(ARGS)

quick: $(READY) ## run the tests that start no process and take little time, in a minute: before a commit
	@$(IN_MEMORY) $(PYTEST) $(CORES) -q -m "not slow and not full" $(ARGS)

test: $(READY) ## run these and the slow ones: browsers, databases, whole installations (ARGS="-k receipt" narrows, ARGS=--cov measures coverage)
	@$(IN_MEMORY) $(PYTEST) $(JOBS) -m "not full" $(ARGS)

full: $(READY) ## run the rest: galleries, tutorial, chaos, damaged files, sabotages, every case on PostgreSQL
	@$(PYTEST) $(JOBS) -m full $(ARGS)

outside: $(READY) ## type tutorial and how-tos with the built wheel in an empty environment, build scaffolds and examples
	@$(PYTEST) 0 -m full tests/docs/test_tutorial.py $(ARGS)

lowest: $(LOWEST)/ready ## run the tests of server, plugins, store and cleaners with the oldest dependencies that are allowed
	@$(LOWEST)/bin/python -m pytest -q -n $(CORES) -m "not slow and not full" tests/runtime tests/plugins tests/store tests/channels/sms_ivr/test_twilio_api.py tests/channels/web_form/proof_of_work tests/sinks/email/test_notifications.py $(ARGS)
	@$(LOWEST)/bin/python -m pytest -q -n $(CORES) tests/files/test_builtin_scrubbers.py $(ARGS)

lint: $(READY) ## formatter, linter, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) ## messages per second compared with a minimal bot (ARGS="--seconds 5 --json"), how photos delay answers, files per second by type, then times of a desk's pages at 1,000 to 100,000 tips
	@$(SUPPORT).bench $(ARGS)
	@$(SUPPORT).bench.photo_burst
	@$(SUPPORT).evidence.bench
	@$(SUPPORT).desk_bench

evidence-bench: $(READY) ## our cleaners beside exiftool and mat2: leaks, refusals, fidelity (ARGS=--names)
	@$(SUPPORT).evidence.side_by_side $(ARGS)

fuzz: $(READY) ## damaged inputs for every parser that strangers reach (TARGETS="twilio packs" SECONDS=600)
	@for target in $(TARGETS); do \
		$(SUPPORT).fuzz $$target --seconds $(SECONDS) $(ARGS) || exit 1; done

mutation: $(READY) ## change lines of what must not fail: do the tests notice? (PARTS="routing"; an hour for all)
	@$(SUPPORT).mutation $(PARTS)

mutants: $(READY) ## break the scaffold's plugins and our channels: which rule of the contract's kit notices? (ARGS=--messages)
	@$(SUPPORT).contract_mutants $(ARGS)

audit: $(READY) ## known flaws of the locked packages, where the advisory database can be reached
	@$(SUPPORT).supply audit

sbom: $(READY) ## the bill of materials of the locked packages (CycloneDX), in dist/
	@$(SUPPORT).supply sbom dist/satark.cdx.json

build: sbom ## wheel and source archive, the locks of servers and the bill of materials, in dist/
	@$(SUPPORT).supply server-lock dist/server.lock --without transcription
	@$(SUPPORT).supply server-lock dist/transcription.lock
	@$(SUPPORT).supply server-lock dist/web.lock --without evidence --without printing --without transcription
	@$(BIN)/python -m hatchling build -d dist

release: $(READY) ## check the tree, the changelog and the versions, build, and tag the commit
	@$(SUPPORT).release

soak: $(READY) ## an hour of steady load: memory, handles and times by minute (ARGS="--minutes 10 --per-second 100")
	@$(SUPPORT).bench.soak $(ARGS)

torture: $(READY) ## 10,000 tips to failing destinations while processes are killed; needs RabbitMQ (ARGS="--tips 500 --kills 20")
	@$(SUPPORT).torture $(ARGS)

chaos: $(READY) ## 10,000 tips on both databases under kill -9, full disks, wrong clocks and a failing Meta (ARGS="--tips 100 --kills 20", ARGS=--cluster)
	@$(SUPPORT).chaos $(ARGS)

faults: $(READY) ## cause every fault from outside, half an hour; write docs/reference/faults.md (ARGS="nginx heartbeat")
	@$(SUPPORT).outside_faults.run $(ARGS)

upgrade: $(READY) ## a rolling upgrade from HEAD while citizens write (ARGS="--from COMMIT" from an older commit, ARGS="--stop")
	@$(SUPPORT).chaos.upgrade $(ARGS)

canary: $(READY) ## compare what worlds show that differ in who told what, of whom and when, and see all leaks of the table noticed
	@$(BIN)/satark canary
	@$(BIN)/pytest -q tests/support/test_sabotage.py -k worlds $(ARGS)

corpus: $(READY) ## read the corpus of utterances: what is understood, and what a whole tip takes (ARGS=--misses lists)
	@$(SUPPORT).dialogue.understanding tests/words/corpora $(ARGS)

lexicon: $(READY) ## write the index of the words that are understood, and their weights, after a change of them or the corpus
	@$(SUPPORT).dialogue.counting tests/words/corpora

docs: $(READY) ## check the documentation against the code, and build it as a site with search, in build/site
	@$(BIN)/pytest -q tests/test_docs.py tests/docs/test_code_blocks.py $(ARGS)
	@$(BIN)/sphinx-build -q -W --keep-going -c docs -d build/doctrees . build/site
	@echo "build/site/index.html"

clean: ## remove what these commands made, the virtual environment included
	rm -rf .venv .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Satark needs Python 3.11 or newer with its venv module" \
		"(Debian, Ubuntu: apt install python3-venv). PYTHON=… names one that is not on PATH." >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version) …" >&2
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# Its packages come before those of .venv, which has the tests' tools; a process that is started with -I has them too.
$(LOWEST)/ready: requirements-lowest.lock $(READY)
	@rm -rf $(LOWEST)
	@$(BIN)/python -m venv --without-pip $(LOWEST)
	@$(PIP) --no-deps --only-binary :all: --require-hashes --target $(LOWEST)/packages -r requirements-lowest.lock
	@site='import sysconfig; print(sysconfig.get_path("purelib"))'; \
		printf '%s\nimport site; site.addsitedir("%s")\n' $(LOWEST)/packages "$$($(BIN)/python -c "$$site")" \
		>"$$($(LOWEST)/bin/python -c "$$site")/lowest.pth"
	@touch $@
