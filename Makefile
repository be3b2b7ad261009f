# `make run` and `make test` need Go and nothing else.
export CGO_ENABLED ?= 0

.PHONY: run test race crash overhead fuzz vulnerabilities purego arm64 bench bench-engine bench-ingest bench-ot bench-retrieve bench-scale scale tokenizers differential check generate notebooks findings build clean

run: build ## run pipeline.yaml on the built-in corpora
	bin/ferry run pipeline.yaml

build: ## bin/ferry
	go build -ldflags "-s -w" -o bin/ferry .

test: ## all tests; those that need outside data say so when they skip
	go test -timeout 30m ./...

race: ## the tests under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race -timeout 40m ./...

crash: ## kill ferry at every instant at which it changes a file, and let every such change fail; half an hour
	@mkdir -p build; FERRY_CRASH=all go test -v -count 1 -timeout 120m ./crash >build/crash.log 2>&1 || { cat build/crash.log; exit 1; }; \
		grep -v '^ *\(===\|---\)' build/crash.log

LEDGER = sha256|writeJSON|File..Sync|pipeline...hashes|remember|pipeline...Record|store..write|shardWriter|syncFolder

overhead: ## what of a cold run of pipeline.yaml the cache and the ledger take: CPU time, then time in which something waited for the disk
	@mkdir -p build; cd pipeline && go test -run '^$$' -bench '^BenchmarkCold$$' -benchtime 1x -cpuprofile ../build/overhead.cpu -trace ../build/overhead.trace -o ../build/overhead.test .
	@cd build && go tool trace -pprof=syscall overhead.trace >overhead.syscalls
	@cd build && go tool pprof -top -focus '$(LEDGER)' overhead.test overhead.cpu 2>/dev/null | grep accounting
	@cd build && go tool pprof -top -focus 'File..Sync' overhead.test overhead.syscalls 2>/dev/null | grep accounting

INPUTS ?= 1000x
# What of package pipeline, and of its tables, fuzzing is guided by: with -fuzz alone, Go would compile all that they import once more.
GUIDED = $(foreach module,github.com/ferry-clir/ferry go.yaml.in/yaml/v3 github.com/apache/arrow-go/v18,-gcflags=$(module)/...=-d=libfuzzer)

fuzz: ## every fuzz target there is, INPUTS for each; one that fails is kept in testdata/fuzz
	@mkdir -p build; kept=$$(go env GOCACHE)/fuzz/$$(go list -m); grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9]*' . | sed 's|/[^/]*:func | |' | sort | while read -r package function; do \
		case $$package in ./pipeline|./pipeline/tables) guided="$(GUIDED)";; *) guided="-fuzz ."; esac; \
		[ "$$package" = "$$built" ] || go test -c $$guided -ldflags '-s -w' -o build/fuzz.test "$$package" || exit 1; built=$$package; \
		echo "fuzz $$function in $$package"; \
		(cd "$$package" && $(CURDIR)/build/fuzz.test -test.run '^$$' -test.fuzz "^$$function\$$" -test.fuzztime $(INPUTS) -test.fuzzminimizetime 1x -test.fuzzcachedir "$$kept/$$package") >build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }; \
	done

purego: ## the tests of the kernels and what stands on them, without assembly
	go test -tags purego ./model/kernel $$(go list -f '{{$$package := .ImportPath}}{{range .Deps}}{{if eq . "github.com/ferry-clir/ferry/model/kernel"}}{{$$package}}{{end}}{{end}}' ./model/...)

arm64: ## the tests of the kernels as an arm64 machine runs them, where there is qemu-aarch64 (Debian's qemu-user)
	@if command -v qemu-aarch64 >/dev/null; then GOARCH=arm64 go test -exec qemu-aarch64 ./model/kernel; \
	else echo "arm64 skipped: there is no qemu-aarch64"; fi

bench: ## every promise of speed, with the twin or peer beside it
	go test -run '^$$' -bench . -benchtime 300ms ./model/...

bench-engine: ## the encoder beside its peers, if FERRY_PEERS names a Python that has them; into build/bench/engine.jsonl
	FERRY_BENCH=engine go test -v -count 1 -timeout 20m -run '^TestEngine$$' ./bench

bench-ingest: ## reading, tokenizing and writing beside their peers, with the data sets of FERRY_DATA; into build/bench/ingest.jsonl
	FERRY_BENCH=ingest go test -v -count 1 -timeout 20m -run '^TestIngest$$' ./bench

bench-ot: ## solving transport problems beside its peers; into build/bench/ot.jsonl
	FERRY_BENCH=ot go test -v -count 1 -timeout 20m -run '^TestOT$$' ./bench

bench-retrieve: ## searching and evaluating beside their peers; into build/bench/retrieve.jsonl
	FERRY_BENCH=retrieve go test -v -count 1 -timeout 20m -run '^TestRetrieve$$' ./bench

SPARK ?= build/spark

bench-scale: ## two workers of a Spark cluster beside one, an engine beside none, what stages cost; takes 25 minutes; into build/bench/scale.jsonl
	go test -run '^$$' -bench '^BenchmarkPlanTasks$$' -benchtime 3x ./pipeline
	@if home=$$(scale/spark.sh $(SPARK)); then SPARK_HOME=$$home FERRY_BENCH=scale go test -v -count 1 -timeout 60m -run '^TestScale$$' ./bench; \
	else echo "bench-scale skipped"; fi

scale: ## runs on a real Spark cluster, and what they need killed meanwhile; needs Java 17, and 456 MB of Spark the first time
	@if home=$$(scale/spark.sh $(SPARK)); then SPARK_HOME=$$home go test -v -count 1 -timeout 30m ./scale; \
	else echo "scale skipped"; fi

LIBTOKENIZERS ?= build/libtokenizers
FUZZTIME ?= 20000x

tokenizers: ## the Rust library behind the second tokenizer engine; needs cargo and a C compiler, and minutes the first time
	model/tokenizer/hf/library.sh $(LIBTOKENIZERS)

differential: tokenizers ## hold the tokenizer against that engine, on all data, nasty texts and FUZZTIME of fuzzing
	CGO_ENABLED=1 CGO_LDFLAGS=-L$(abspath $(LIBTOKENIZERS)) go test -tags hftokenizers -timeout 30m -run '^TestEngines' ./model/tokenizer/...
	CGO_ENABLED=1 CGO_LDFLAGS=-L$(abspath $(LIBTOKENIZERS)) go test -tags hftokenizers -run '^$$' -fuzz '^FuzzEngines$$' -fuzztime $(FUZZTIME) ./model/tokenizer

generate: ## everything that is generated: assembly, the sample tokenizer, reference pages
	go generate ./...

GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

vulnerabilities: ## known ones in what ferry calls, if their database, https://vuln.go.dev, can be reached
	@mkdir -p build; if go run $(GOVULNCHECK) ./... >build/vulnerabilities.log 2>&1; then tail -n 1 build/vulnerabilities.log; \
	elif grep -Eq '^govulncheck: fetching vulnerabilities|^go: .*(dial|timeout|lookup)' build/vulnerabilities.log; then \
		echo "vulnerabilities skipped: their database cannot be reached"; \
	else cat build/vulnerabilities.log; exit 1; fi

check: build ## formatting, vet, known vulnerabilities, examples, generated files, and the notebooks where Python has what it needs
	test -z "$$(gofmt -l .)"
	go vet ./...
	go mod tidy -diff
	$(MAKE) vulnerabilities
	$(MAKE) generate
	git diff --exit-code
	$(MAKE) notebooks

PYTHON ?= python3

notebooks: build ## execute the notebooks into build/notebooks, if PYTHON has what notebooks/requirements.txt lists
	@if $(PYTHON) -c 'import duckdb, ipykernel, matplotlib, nbclient, numpy, polars, pyarrow' 2>/dev/null; then \
		mkdir -p build/notebooks && bin/ferry run pipeline.yaml && bin/ferry run examples/sample-grid.yaml && bin/ferry run examples/bad-rows.yaml && \
		bin/ferry explain out/student "I need an alarm in five minutes" "ninahitaji kengele baada ya dakika tano" --out out/alignment.parquet && \
		$(PYTHON) -m jupyter execute notebooks/*.ipynb --output=../build/notebooks/{notebook_name}; \
	else echo "notebooks skipped: $(PYTHON) lacks what notebooks/requirements.txt lists"; fi

findings: build ## run the adaptation grid (FERRY_DATA, FERRY_MODELS; an hour and a half on two cores) and keep its tables in docs/findings
	bin/ferry run examples/adaptation-grid.yaml
	for scoring in dense maxsim; do cp examples/out/adaptation-grid/$$scoring/comparisons.md docs/findings/$$scoring.md; done
	for table in mates questions; do cp examples/out/adaptation-grid/$$table/scores.md docs/findings/$$table.md; done
	bin/ferry costs examples/adaptation-grid.yaml >docs/findings/costs.txt

clean: ## remove what was built and written, the cache included
	rm -rf bin build out .ferry examples/out examples/.ferry
