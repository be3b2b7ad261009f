#!/usr/bin/env bash
# spark.sh FOLDER prints where Spark lies: SPARK_HOME, or what it installs below FOLDER from the package pyspark (456 MB, once).
# It ends with 69, and a word, if there is no Java 17 or newer, or the package cannot be had.
set -euo pipefail
[ -z "${SPARK_HOME:-}" ] || { echo "$SPARK_HOME"; exit; }
version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
[ "${version:-0}" -ge 17 ] || { echo "there is no Java 17 or newer" >&2; exit 69; }
venv=$1/venv
[ -f "$1/done" ] || {
	rm -rf "$1" && mkdir -p "$1"
	{ python3 -m venv "$venv" && "$venv/bin/pip" install -q --no-deps pyspark==4.3.0; } >&2 || { echo "pyspark cannot be installed" >&2; exit 69; }
	touch "$1/done"
}
"$venv/bin/python" -c 'from importlib.util import find_spec; print(find_spec("pyspark").submodule_search_locations[0])'
