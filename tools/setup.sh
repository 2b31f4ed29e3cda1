#!/bin/sh
# Makes .venv and installs requirements.txt into it; does nothing when that is already so.
# PYTHON=... names the interpreter to use. BACKEND=jax makes .venv-jax from requirements-jax.txt instead.
# On any failure: one sentence on stderr and a non-zero exit.
set -eu
unset CDPATH
cd -P "$(dirname "$0")/.."

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

# The environment, the list that it is made from, and the disk that it needs: what it weighs on Linux, 2900 and
# 1300 MB, and a margin for the downloads.
case ${BACKEND:-tensorflow} in
tensorflow) venv=.venv list=requirements.txt needed_mb=3800 ;;
jax) venv=.venv-jax list=requirements-jax.txt needed_mb=1900 ;;
*) fail "BACKEND=$BACKEND is not a backend of this course: leave BACKEND out for TensorFlow, or write BACKEND=jax for JAX." ;;
esac
stamp=$venv/installed
pyenv=${PYENV_ROOT:-${HOME:-}/.pyenv}

# The verdict of tools/check_python.py on an interpreter; found, but unable to start, it counts as absent.
check() {
    "$1" tools/check_python.py </dev/null 2>/dev/null
}

# What a finished installation is the result of. The path is in it because scripts and the editable install
# hold it: a project that was moved or copied has a .venv that still points to the old place.
state() {
    # shellcheck disable=SC2046 # the names of the lists that this one includes are words
    cksum "$list" $(sed -n 's/^-r //p' "$list") pyproject.toml
    printf '%s\n' "$PWD" "$1"
}

# Sets `base` and `version` to the interpreter to build from, or fails.
find_python() {
    # pyenv's shims fail for a version that isn't selected: look behind them.
    case ${PYTHON:-} in
    '') set -- python3.12 python3.11 python3.10 python3.13 python3 python "$pyenv"/versions/3.1[0-3].*/bin/python ;;
    */*) set -- "$PYTHON" ;;
    *)
        set -- "$PYTHON"
        IFS=:
        for folder in $PATH; do set -- "$@" "$folder/$PYTHON"; done
        unset IFS
        set -- "$@" "$pyenv"/versions/*/bin/"$PYTHON"
        ;;
    esac
    defect=
    unsupported=
    for candidate; do
        status=0
        verdict=$(check "$candidate") || status=$?
        case $status,$verdict in
        0,3.*)
            version=${verdict%% *}
            base=${verdict#* }
            return
            ;;
        1,?.*) case $unsupported in *" is $verdict"*) ;; *) unsupported="$unsupported, $candidate is $verdict" ;; esac ;;
        2,Python*) defect=${defect:-$verdict} ;;
        esac
    done
    [ -z "$defect" ] || fail "$defect, or name another Python with PYTHON=/path/to/python."
    range='3.10 to 3.13 (to 3.12 on an Intel Mac)'
    if [ -n "${PYTHON:-}" ] && [ -z "$unsupported" ]; then
        fail "PYTHON=$PYTHON is not a Python that runs: name one of version $range, or leave PYTHON out."
    fi
    fail "The course needs Python $range${unsupported:+, but ${unsupported#, }}: install Python 3.12 or name one with PYTHON=/path/to/python."
}

check_disk() {
    held_kb=0
    [ ! -d "$venv" ] || held_kb=$(du -sk "$venv" | awk '{ print $1 }')
    # The column before the one with a percent sign, since the file system's name may hold spaces.
    free_kb=$(df -Pk . | awk 'NR == 2 { for (i = 2; i <= NF; i++) if ($i ~ /%$/) { print $(i - 1); exit } }')
    if [ "$(((free_kb + held_kb) / 1024))" -lt "$needed_mb" ]; then
        fail "Too little free disk for $venv: $((free_kb / 1024)) MB here, $((needed_mb - held_kb / 1024)) MB needed: free some, or move the project to a larger disk."
    fi
}

old_version=
if [ -e "$venv" ]; then
    [ -f "$venv/pyvenv.cfg" ] || fail "There is a $venv here that is not a virtual environment: move it away, and run this again."
    # Stays empty when the interpreter that $venv was built from is gone or not supported.
    if verdict=$(check "$venv/bin/python"); then old_version=${verdict%% *}; fi
fi

installed() {
    [ -n "$old_version" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(state "$old_version")" ]
}

# A named Python of another version than $venv has is a request to rebuild.
if [ -n "${PYTHON:-}" ]; then
    find_python
    [ "$version" = "$old_version" ] || old_version=
fi
! installed || exit 0
for place in "$PWD" "$PWD/$venv"; do
    [ -w "$place" ] || [ ! -e "$place" ] ||
        fail "You may not change $place, and the course has to install there what it needs: copy the project into a folder of your own, and run the same command in it."
done
[ -n "${PYTHON:-}" ] || find_python
check_disk

# Only requirements that changed, or an installation that was cut short, can go on in the $venv that is there.
reusable() {
    [ -n "$old_version" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 &&
        { [ ! -f "$stamp" ] || grep -Fqx -e "$PWD" "$stamp"; }
}

if reusable; then
    version=$old_version
else
    rm -rf "$venv"
    "$base" -m venv "$venv" || fail "Python $version could not make $venv: repair that Python, or name another with PYTHON=/path/to/python."
fi
rm -f "$stamp"
echo "Installing $list into $venv with Python $version: some minutes, and only once."

# uv takes a third of pip's time, but has to be told of the mirror that pip is configured for.
install_with_uv() {
    "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --retries 1 uv 2>/dev/null || return 1
    index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    "$venv/bin/python" -m uv pip install --compile-bytecode --python "$venv/bin/python" -r "$list"
}

# Without this, some shells would go on with pip.
trap 'exit 130' INT
# pip knows certificates, proxies and further sources of packages that uv isn't told of.
install_with_uv || "$venv/bin/python" -m pip install --disable-pip-version-check -r "$list" ||
    fail "The installation did not finish: see the message above, check the network and the proxy (HTTPS_PROXY=http://host:port), and run the same command again; it goes on where it stopped."
"$venv/bin/python" -m tools.quiet_kernels
state "$version" >"$stamp"
