# The front door: make demo, make run, make test, make bench.
PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python
export PORT

.PHONY: demo demo-reset run stop test check tests bench lock install

demo: install  ## the whole product on a synthetic MSP, at http://127.0.0.1:8000
	@exec $(PY) -m qbr.launch demo

demo-reset: install  ## the same, from an empty database
	@exec $(PY) -m qbr.launch demo --reset

run: install  ## the product, empty: the first page asks for an admin and a connection
	@exec $(PY) -m qbr.launch run

stop:  ## stop the embedded database, where it still runs
	@$(PY) -m qbr.postgres stop

install:
	@$(PYTHON) qbr/install.py run

test:  ## everything: style, types, contracts, unit, database, process and browser tests
	@$(PYTHON) qbr/install.py test
	@$(PYTHON) qbr/install.py browser
	@$(PY) -m qbr.postgres during $(MAKE) --no-print-directory check tests

check:
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) manage.py check
	$(PY) manage.py makemigrations --check --dry-run

tests:
	@$(PY) -m pytest -n 2 --dist loadgroup

bench: install  ## ratios, each measured in one run; ONLY=pages for a part, SCALE=0.1 for a try
	@$(PYTHON) qbr/install.py test
	@$(PY) -m tests.bench $(if $(SCALE),--scale $(SCALE)) $(if $(ONLY),--only $(ONLY))

lock:  ## compile the pinned requirements (needs uv)
	for set in "" -demo -dev; do \
	  UV_PYTHON_DOWNLOADS=never uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --output-file requirements$$set.txt requirements$$set.in; done
