# Shapan: build, run and check. `make` alone prints what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN     := bin/shapan
PRIVATE := bin/postgis
WEB     := api/web
LISTEN  ?= 127.0.0.1:8080
DATA    ?= ./data
SCALE   ?= subdistrict
OUT     ?= data/fixtures
ROWS    ?=
CACHE   ?= $(HOME)/.cache/shapan

.PHONY: help
help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build the pages and the command, and serve the sample subdistrict on 127.0.0.1:8080 (LISTEN=, DATA=)
	$(BIN) serve --listen $(LISTEN) --data $(DATA)

.PHONY: run-postgis
run-postgis: build postgis ## the same with the record in a private PostgreSQL with PostGIS, kept in DATA/postgis
	$(PRIVATE) --dir $(DATA)/postgis --durable --first '$(BIN) fixtures --public-url http://$(LISTEN)' \
	  --exec 'exec $(BIN) serve --listen $(LISTEN) --data $(DATA)'

.PHONY: build
build: pages ## build the pages and bin/shapan
	go build -trimpath -o $(BIN) ./cmd/shapan

.PHONY: test
test: system lint build ## check everything: format, vet, staticcheck, pages, race tests, a short bench, the wall in a real browser
	cd $(WEB) && npm run --silent check && npm test --silent
	go test -race -short -timeout 12m ./...
	$(MAKE) --no-print-directory test-faults
	go run ./cmd/bench -quick >/dev/null
	$(MAKE) --no-print-directory e2e PAGES='wall dispatch'

.PHONY: test-faults
test-faults: ## break a private PostGIS in every way and see that nothing is lost; many rows at once (ROWS=1000000)
	SHAPAN_TEST_ROWS=$(ROWS) go test -parallel 6 -timeout 10m -run 'TestFault|TestManyRows' ./layers/postgis

.PHONY: lint
lint: tools $(WEB)/dist/.gitkeep ## gofmt, go vet, staticcheck
	@bad=$$(gofmt -l api cmd fixtures geo layers tiles | grep -v node_modules); \
	if [ -n "$$bad" ]; then echo "not formatted (gofmt -w them):"; echo "$$bad"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

# Which pages are opened on PostGIS too. `make test` opens those that write or wait for changes; all of them take a minute more.
PAGES ?= wall dispatch analysis drives

.PHONY: e2e
e2e: build postgis ## open the pages in a real browser against the real program, on either record (writes the pictures in docs/ with SCREENSHOT=1)
	cd $(WEB) && SHAPAN_BIN=$(CURDIR)/$(BIN) SHAPAN_SCREENSHOT=$(if $(SCREENSHOT),$(CURDIR)/docs,) npm run --silent e2e
	for page in $(PAGES); do \
	  $(PRIVATE) --exec "cd $(WEB) && SHAPAN_BIN=$(CURDIR)/$(BIN) SHAPAN_E2E_DATABASE_URL=\$$SHAPAN_OWNER_URL node --test e2e/$$page.e2e.mjs" || exit 1; \
	done

.PHONY: bench
bench: build ## print the table of measurements, beside PostGIS in a server of its own (about ten minutes)
	go run ./cmd/bench -shapan $(BIN)

.PHONY: fixtures
fixtures: build ## write the sample data as GeoJSON, a file a layer (SCALE=subdistrict|district|city, OUT=)
	$(BIN) fixtures --scale $(SCALE) --out $(OUT)

.PHONY: real
real: build ## load real nested areas (world_map.gpkg of Debian's qgis-common) and look at them; downloads 23 MB once
	CACHE=$(CACHE) BIN=$(BIN) bash docs/real-input.sh

.PHONY: clean
clean: ## remove what was built; the data folder stays
	rm -rf bin
	find $(WEB)/dist -mindepth 1 ! -name .gitkeep -delete

# --- the parts

.PHONY: pages
pages: tools $(WEB)/node_modules/.package-lock.json
	cd $(WEB) && npm run --silent build
	@touch $(WEB)/dist/.gitkeep

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-progress
	@touch $@

.PHONY: postgis
postgis: tools
	go build -trimpath -o $(PRIVATE) ./cmd/postgis

# What the build needs, said in one sentence when it is missing.
.PHONY: tools
tools:
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or newer (https://go.dev/dl/)."; exit 1; }
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20.19 or newer (https://nodejs.org/)."; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || a == 20 && b >= 19 ? 0 : 1)' || \
	  { echo "Node.js $$(node --version) is too old: 20.19 or newer is needed."; exit 1; }

# What the tests need besides: GDAL reads what Shapan writes, PostGIS keeps it (the tests run servers of their own),
# pgRouting walks the same streets, Chromium opens the wall, Noto draws its Chinese. postgresql-postgis and
# postgresql-pgrouting stand for the versions that the release has.
PACKAGES := gdal-bin postgresql-postgis postgresql-pgrouting chromium fonts-noto-cjk
POSTGIS  := $(wildcard /usr/share/postgresql/*/extension/postgis.control)
ROUTING  := $(wildcard /usr/share/postgresql/*/extension/pgrouting.control)
.PHONY: system
system: tools
	@command -v gcc >/dev/null || { echo "gcc is missing: go test -race needs it (Debian: apt-get install gcc libc6-dev)."; exit 1; }
	@if ! command -v ogrinfo >/dev/null || [ -z "$(POSTGIS)$$(ls "$$(pg_config --sharedir 2>/dev/null)/extension/postgis.control" 2>/dev/null)" ] || [ -z "$(ROUTING)$$(ls "$$(pg_config --sharedir 2>/dev/null)/extension/pgrouting.control" 2>/dev/null)" ] || ! { command -v chromium || command -v google-chrome; } >/dev/null || [ -z "$$(fc-list :lang=zh 2>/dev/null)" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(PACKAGES); \
	  else \
	    echo "The tests need GDAL, PostgreSQL with PostGIS and pgRouting, Chromium and a Chinese font. On Debian or Ubuntu:"; \
	    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $(PACKAGES)"; exit 1; \
	  fi; \
	fi
