# For GNU make 3.81, which macOS ships, and later. README gives the same steps as plain commands.

# Keras computes with TensorFlow, in .venv, or with BACKEND=jax with JAX, in .venv-jax.
export KERAS_BACKEND = $(or $(BACKEND),tensorflow)
environment = .venv$(if $(filter jax,$(BACKEND)),-jax)
python = $(environment)/bin/python
code = helpers tests tools benchmarks examples notebooks site

# Warnings of TensorFlow's C++ side that no reader can act on; its errors still show.
export TF_CPP_MIN_LOG_LEVEL = 2

.PHONY: help setup lab test check test-real soak mutants run student solutions assignment refresh site slides browser bench lint platforms clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv and install into it, unless that is done (PYTHON= names the interpreter, BACKEND=jax takes .venv-jax)
	@sh tools/setup.sh

lab: setup ## open JupyterLab on your copies (NEW=1 adds changed ones, ORIGINAL=1 opens notebooks/, ARGS=--no-browser passes through)
	$(python) -m tools.lab $(if $(NEW),--new) $(if $(ORIGINAL),--original) $(ARGS)

test: setup ## run all tests on made-up images at the quick budget (ARGS= goes to pytest)
	COURSE_DATA=standin COURSE_BUDGET=quick $(python) -m pytest $(ARGS)

check: setup ## run the tests that need no TensorFlow and no notebook, for someone who edits (ARGS= goes to pytest)
	$(python) -m pytest -p tests.support.without_tensorflow $(ARGS)

test-real: setup ## run all tests on real images at the lesson budget (COURSE_DATA=cifar10 or a file)
	@case "$$COURSE_DATA" in ''|auto|standin) \
	  echo 'Tests on real images need COURSE_DATA=cifar10 or COURSE_DATA=/path/to/cifar10.npz.' >&2; exit 1;; \
	esac
	@# One download, before two kernels would each begin their own.
	@if [ "$$COURSE_DATA" = cifar10 ] && [ ! -e data/cifar10.npz ]; then \
	  $(python) -m helpers.data --save data/cifar10.npz; \
	fi
	COURSE_BUDGET=lesson $(python) -m pytest $(ARGS)

soak: setup ## kill a search that trains for real, again and again, for some minutes
	$(python) -m pytest -m soak tests/helpers/search/test_crashes.py $(ARGS)

mutants: setup ## plant faults into a room and say which no test notices (ARGS=helpers/plots; --share 0.1)
	$(python) tools/mutants.py $(ARGS)

run: setup ## execute the notebooks into build/, to see that they run here (ARGS=05 picks one)
	$(python) tools/notebooks.py run $(ARGS)

student: setup ## pack build/student.zip: the course without its solutions, to hand out
	$(python) -m tools.handout student

solutions: setup ## pack build/solutions.zip: the notebooks with them, to hand out later
	$(python) -m tools.handout solutions

assignment: setup ## make nbgrader's assignments in grading/ (ARGS=05 picks one, ARGS=--force replaces changed ones)
	$(python) -m tools.assignment $(ARGS)

refresh: setup ## execute the notebooks in place on real images (COURSE_DATA=cifar10 or a file)
	$(python) tools/notebooks.py refresh $(ARGS)

site: ## build the web site, the pages to read, into build/site (ARGS=05 picks one page, PYTHON= names the interpreter)
	@$(or $(PYTHON),$(wildcard $(python)),python3) -m tools.website $(ARGS)

browser: setup ## test the web site and JupyterLab in Chromium (ARGS= goes to pytest; --chromium downloads one first)
	$(python) -m tools.slides
	@$(python) -m tools.browser $(ARGS)

slides: setup ## export the slides of the notebooks that have some into build/slides (ARGS=05 picks one)
	$(python) -m tools.slides $(ARGS)

bench: setup ## measure: the stand-in, and a short search, the lecture's way and ours, also with JAX (ARGS= goes to it)
	@mkdir -p build
	@BACKEND=jax sh tools/setup.sh
	$(python) benchmarks/standin.py --short
	$(python) benchmarks/lecture_search.py --widths 950 100 --epochs 2 --json build/lecture_search.json $(ARGS)

lint: setup ## check the code and the notebooks with ruff, and the types with mypy
	$(python) -m ruff check $(code)
	$(python) -m ruff format --check $(code)
	$(python) -m mypy

platforms: setup ## resolve the requirements for every platform and Python (needs the network)
	$(python) tools/platforms.py

clean: ## remove build/ and the environments
	rm -rf build .venv .venv-jax .venv-site .venv-browser .venv-teach
