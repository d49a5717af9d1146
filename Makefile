# Everything one does here. `make help` lists it.
GO ?= go
FUZZTIME ?= 10s
# Packages tested side by side: most of their time they wait for browsers and servers.
TESTJOBS ?= 2
SOAK ?= 5m
# With the race detector, but for the arithmetic of bcrypt, which shares nothing: a
# password of basic_auth takes 25 times as long with it.
RACE = -race -gcflags=golang.org/x/crypto/blowfish=-race=false
# What the tests need: the programs they start are built once for a run.
RACE_ENV = CADDY_BIN=$(RACE_CADDY) CADDY_FLAGS='$(RACE)' TEST_RUN=$$(date +%s).$$$$ AXE_JS=$(CURDIR)/.tools/node_modules/axe-core/axe.min.js
RACE_TEST = $(GO) test $(RACE) -json -vet=off
RACE_CADDY = $(CURDIR)/.run/caddy-race

.DEFAULT_GOAL := help
.PHONY: help build run test tools lint fuzz bench images soak clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build ./caddy with the plugin
	./xcaddy.sh

run: build ## start the demo portal and Caddy in front of it; Ctrl-C stops both
	@mkdir -p .run
	$(GO) build -o .run/portal ./examples/portal
	$(GO) build -o .run/demo ./examples/portal/run
	@PORT='$(PORT)' APP_PORT='$(APP_PORT)' SMTP_PORT='$(SMTP_PORT)' ADMIN_PORT='$(ADMIN_PORT)' exec .run/demo

tools: ## install what the tests need and is missing
	./scripts/tools.sh

# go vet -race compiles what the tests link, go test -vet=off does not look again,
# and the soak goes on beside the other tests: it leaves half the machine to them.
test: tools ## run every test with the race detector, with a soak of SOAK (20s) beside them
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run: gofmt -w .'; exit 1; }
	$(GO) vet $(RACE) ./...
	@mkdir -p .run
	$(GO) build $(RACE) -o $(RACE_CADDY) ./cmd/caddy
	$(GO) build $(RACE) -o .run/testsum ./scripts/testsum
	export $(RACE_ENV); \
		$(RACE_TEST) -count=1 -timeout 2h -run '^TestSoak$$' ./internal/nodes | \
		{ $(RACE_TEST) -p $(TESTJOBS) -timeout 15m -skip '^TestSoak$$' ./... </dev/null; cat; } | \
		.run/testsum $(RACE_TEST) -timeout 15m

images: tools ## take the pictures of docs/users.md and docs/methods.md anew
	MFA_DOCS=1 $(GO) test -count=1 -run TestDocs_Pictures ./enroll/portal/browsertest

lint: ## run gofmt, go vet, staticcheck and gosec, and golangci-lint where it is installed
	@test -z "$$(gofmt -l $$(git ls-files '*.go') | tee /dev/stderr)"
	$(GO) vet ./...
	./scripts/lint.sh
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run ./...; fi

fuzz: ## run every fuzz target for FUZZTIME (10s), or those named in FUZZ
	./scripts/fuzz.sh $(FUZZTIME) $(FUZZ)

bench: build ## measure what the gate costs beside a plain reverse_proxy
	$(GO) run ./bench

soak: ## load the gate for SOAK (5m) with reloads every second and a store that comes and goes
	SOAK=$(SOAK) $(GO) test -count=1 -timeout 2h -v -run '^TestSoak$$' ./internal/nodes

clean: ## remove what was built, and the demo's data
	rm -rf caddy .run .tools bench-results
