# Thin names for real commands. `make` alone lists them.
#
# Options are variables: make up DATA=/srv/poker PORT_BASE=15000 ARGS="--table-workers 4"

# Folder of the fleet: databases, journals, credentials, logs. `make demo` takes a fresh one unless
# this is given.
DATA ?=
# First of the ports that the fleet listens on; 0 takes free ones. See `pokerctl up --help` for the
# defaults.
PORT_BASE ?=
# Further options for `pokerctl up`.
ARGS ?=
# `make conformance`: hands each way, and their seed.
N ?= 10000
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
# `make bench`: the measurements, e.g. pipeline,node; ARGS for its other options.
ONLY ?=
# `make fuzz`: the time of each target; `make soak`, `make simulate`: the time of faults.
SECONDS ?= 60
# `make soak`: cash tables and players at them.
TABLES ?= 20
PLAYERS ?= 100

POKERCTL = target/release/pokerctl
options = $(if $(DATA),--data-dir '$(DATA)') $(if $(PORT_BASE),--port-base $(PORT_BASE)) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help up demo test conformance bench-engine measure measure-reconnects trouble bench soak simulate order fuzz apply fetch build tools clean images compose-demo

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

up: build ## Start a fleet and show its state; Ctrl-C stops it, the next `make up` continues with its data
	@$(POKERCTL) up $(options)

demo: build ## The same without a person: ends with the demo tournament, prints one line of JSON
	@scripts/demo $(POKERCTL) '$(DATA)' $(or $(PORT_BASE),0) $(ARGS)

test: tools ## Every check: format, lints, unit and end-to-end tests on servers of their own
	@scripts/test

conformance: ## Compare N hands with PokerKit each way: those it plays, and those we play
	@command -v python3 >/dev/null || { echo "python3 is missing: install it and run this again." >&2; exit 1; }
	@scripts/conformance $(N) $(SEED)

bench-engine: ## Measure the engine beside PokerKit, and ranking beside the raw library; one line of JSON
	@scripts/fetch-pokerkit
	@scripts/bench-engine

measure: fetch ## Measure journal appends, postings per second, checks of journals and planned stops, on servers of their own
	@cargo test --quiet --workspace --test journal -- --ignored --nocapture --test-threads 1
	@cargo test --quiet --workspace --test throughput -- --ignored --nocapture --test-threads 1
	@cargo test --quiet --workspace --test dictionary -- --ignored --nocapture
	@cargo test --quiet --release --workspace --test measure -- --ignored --nocapture
	@cargo build --quiet --workspace --bins
	@cargo test --quiet --workspace --test drain -- --ignored --nocapture --test-threads 1

bench: build ## Measure the fleet beside the raw limit (ONLY=pipeline,... for some); docs/performance.md
	@target/release/swarm bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

trouble: fetch ## Test outages of servers of one and of ten minutes, which `make test` leaves out (a quarter of an hour)
	@cargo build --quiet --workspace --bins
	@cargo test --quiet --workspace --test trouble --test clocks -- --ignored --nocapture --test-threads 1

simulate: tools ## Play whole fleets on one thread each for SECONDS, broken by schedules from SEED on; one line of JSON
	@cargo build --quiet --release --workspace --bin simulate
	@target/release/simulate --seconds $(SECONDS) --seed $(SEED) $(ARGS)

soak: build ## Play at TABLES with PLAYERS for SECONDS while a schedule of faults drawn from SEED breaks the fleet; one line of JSON
	@target/release/soak --seconds $(SECONDS) --seed $(SEED) --tables $(TABLES) --players $(PLAYERS) $(ARGS)

order: build ## Let 1,000 clients say a numbered line a second each while processes are killed: no line lost, none twice, all in order
	@target/release/soak --seconds $(SECONDS) --seed $(SEED) --tables 200 --players 1000 --chat-ms 1000 \
		--think-least-ms 1000 --think-most-ms 6000 --tournaments 0 --visitors 0 \
		--only kill_table_worker,kill_gateway,zombie_table_worker,drain_table_worker,kill_nats,cut_connections $(ARGS)

measure-reconnects: fetch ## Measure how long 10,000 players take to come back after a gateway has died
	@cargo test --quiet --release --workspace --test rush -- --ignored --nocapture

fuzz: ## Fuzz hand commands, hand files and the messages of every boundary for SECONDS each
	@scripts/fuzz $(SECONDS)

apply: build ## Bring streams, buckets, consumers and SQL of a running fleet up to date
	@$(POKERCTL) apply $(if $(DATA),--data-dir '$(DATA)')

fetch: tools ## Fetch nats-server and PostgreSQL into .local/, unless others are named
	@scripts/fetch-servers

build: fetch ## Build the release binaries
	@cargo build --release --workspace --bins

tools:
	@scripts/check-tools

clean: ## Remove the fleet's data (stop it first); .local/ keeps the fetched servers
	@scripts/clean '$(or $(DATA),.local/data)'

images: ## Build the fleet's container images (docs/containers.md)
	docker compose build

compose-demo: ## Start the fleet in containers and play the demo tournament there; the fleet stays up
	docker compose up -d
	@docker compose run --rm demo
