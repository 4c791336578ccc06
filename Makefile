# Two commands for a person: `make run` and `make test`. `make help` lists the rest.
# Every path is relative, so a directory with spaces in its name will do.

SWIFT       ?= swift
# Where build products go.
SCRATCH     ?= .build
# More flags for every `swift build` and `swift test`, such as `-Xswiftc -DNAME` or `--jobs 1`.
SWIFT_BUILD ?=
# The runtime is linked in, so that the binaries run where no Swift is installed.
RELEASE     ?= -c release --static-swift-stdlib
# A configuration file for `make run`; without one it is the demo.
CONFIG      ?=
# More flags for `lbd` in `make run`.
ARGS        ?=
# Only the tests whose names match, in `make test`.
FILTER      ?=

build_flags = --scratch-path "$(SCRATCH)" $(SWIFT_BUILD)
sources     = Package.swift Sources Tests bench/Micro bench/Comparison fuzz
# lbd chooses its I/O engine, which is io_uring where that is allowed; what starts lbd runs on the other one too.
both        = EndToEndTests\.

.DEFAULT_GOAL := help
.PHONY: help run build test bench openapi contract sim mutations fuzz chaos soak sanitize compat format lint clean deps deps-test

help: ## this list
	@echo 'make TARGET [NAME=VALUE]...'
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  %-8s %s\n' "$$name" "$$text"; done
	@echo 'values: CONFIG=my.yaml ARGS="--listen :8000" (run), FILTER=name (test), SCRATCH=dir, SWIFT_BUILD=flags'

run: build ## build, then serve the demo, or CONFIG=my.yaml; more flags for lbd in ARGS
	@exec "$(SCRATCH)/release/lbd" $(if $(CONFIG),--config "$(CONFIG)",--demo) $(ARGS)

build: deps ## the release build of lbd and lbctl, in .build/release
	@$(SWIFT) build $(build_flags) $(RELEASE) --product lbd
	@$(SWIFT) build $(build_flags) $(RELEASE) --product lbctl

test: deps-test ## every test, and a thousand simulations; the last line is the verdict
	@$(SWIFT) build $(build_flags) --build-tests
	@$(SWIFT) test $(build_flags) --skip-build --disable-xctest $(if $(FILTER),--filter "$(FILTER)")
	@$(if $(FILTER),:,$(MAKE) --no-print-directory sim SEEDS=$(or $(SEEDS),1000))
	@$(if $(FILTER),:,LB_TEST_IO=epoll $(SWIFT) test $(build_flags) --skip-build --disable-xctest --filter "$(both)")

bench: deps ## micro-benchmarks of what a request passes through; bench/README.md has the rest
	@$(SWIFT) build $(build_flags) -c release --product lb-bench
	@"$(SCRATCH)/release/lb-bench"

openapi: deps-test ## what /openapi.json serves, written anew from openapi.yaml
	@LB_UPDATE_OPENAPI=1 $(SWIFT) test $(build_flags) --disable-xctest --filter servedDocumentIsThatOfTheRepository || true

contract: deps ## the admin API against openapi.yaml, with made-up requests (Schemathesis, by pip)
	@$(SWIFT) build $(build_flags) --product lbd
	@sh scripts/contract.sh "$(SCRATCH)/debug/lbd"

sim: deps ## the whole balancer in seeded worlds: SEEDS=10000 hunts, SEED=n WITHOUT=parts replays one
	@$(SWIFT) build $(build_flags) -c release --product lb-sim
	@"$(SCRATCH)/release/lb-sim" $(if $(SEED),--seed $(SEED) $(if $(WITHOUT),--without $(WITHOUT)),--seeds $(or $(SEEDS),10000)) $(ARGS)

mutations: deps ## breaks rule after rule in a copy of the sources, and sees that simulations notice
	@SWIFT="$(SWIFT)" sh scripts/mutations.sh $(ARGS)

fuzz: deps ## libFuzzer on every parser and on whole connections, SECONDS=60 each; what breaks is kept in fuzz/crashes
	@sh fuzz/run.sh $(or $(SECONDS),60) $(ARGS)

chaos: build ## the admin API against a model; pipelined requests to hostile backends; real clients while everything breaks; SECONDS=60 each, ARGS=--netem
	@python3 chaos/control.py --lbd "$(SCRATCH)/release/lbd" --seconds $(or $(SECONDS),60)
	@python3 chaos/pipeline.py --lbd "$(SCRATCH)/release/lbd" --seconds $(or $(SECONDS),60)
	@python3 chaos/chaos.py --lbd "$(SCRATCH)/release/lbd" --seconds $(or $(SECONDS),60) $(ARGS)

soak: build ## whether what lbd holds stays flat; MINUTES=60, plot in soak.svg
	@python3 chaos/soak.py --lbd "$(SCRATCH)/release/lbd" --minutes $(or $(MINUTES),60) $(ARGS)

sanitize: deps-test ## tests and chaos under the address and the thread sanitizer
	@sh scripts/sanitize.sh

compat: build ## beside other proxies, under pressure, with other people's servers and clients, under systemd; what is not installed is left out
	@python3 compat/compare.py --lbd "$(SCRATCH)/release/lbd" --faults $(ARGS)
	@python3 compat/pressure.py --lbd "$(SCRATCH)/release/lbd"
	@python3 compat/backends.py --lbd "$(SCRATCH)/release/lbd"
	@python3 compat/websocket.py --lbd "$(SCRATCH)/release/lbd"
	@sh compat/systemd.sh "$(SCRATCH)/release/lbd" "$(SCRATCH)/release/lbctl"

format: ## rewrite the sources in the house format
	@$(SWIFT) format -i -r --configuration .swift-format $(sources)

lint: ## what the formatter would change or has a word about
	@$(SWIFT) format lint -r --configuration .swift-format $(sources)

clean: ## throw the build products away
	@$(SWIFT) package $(build_flags) clean

deps:
	@SWIFT="$(SWIFT)" sh scripts/deps.sh build

deps-test:
	@SWIFT="$(SWIFT)" sh scripts/deps.sh test
