#!/bin/bash
# Makes DIR/wstest, the program of Autobahn|Testsuite:
#
#     tests/interop/autobahn/install.sh DIR
#
# It is a Python 2.7 program. The interpreter is the one in PYTHON2, else a `python2.7` that works, else one of
# pyenv's, else that of the last Debian release that had it, which is unpacked in DIR and not installed.
# Needs python3 with venv, apt-get for the last case, and a C compiler (of use for speed alone).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

works() {
    "$1" -c 'import ssl, zlib, sys; assert sys.version_info[:2] == (2, 7) and sys.maxunicode > 65535' 2>/dev/null
}

find_python2() {
    if [ -n "${PYTHON2:-}" ]; then
        works "$PYTHON2" || { echo "PYTHON2 is $PYTHON2, which is no Python 2.7 that works" >&2; exit 1; }
        echo "$PYTHON2"
        return
    fi
    local candidate
    for candidate in python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python2.7; do
        if works "$candidate"; then command -v "$candidate"; return; fi
    done
}

# Debian 11 from the mirror that this machine uses, with lists and state of its own.
unpack_python2() {
    local deb=$dir/debian mirror
    command -v apt-get >/dev/null || { echo "no Python 2.7, and no apt-get to fetch it: set PYTHON2" >&2; exit 1; }
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sed -n 1p)
    [ -n "$mirror" ] || { echo "apt-get has no sources" >&2; exit 1; }
    rm -rf "$deb"
    mkdir -p "$deb"/{lists/partial,cache/archives/partial,packages,root}
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bullseye main" >"$deb/sources.list"
    local apt=(apt-get -qq -o Acquire::Retries=3 -o Acquire::Languages=none -o APT::Sandbox::User=root
        -o Dir::Etc::sourcelist="$deb/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$deb"
        -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$deb/cache")
    "${apt[@]}" update
    (cd "$deb/packages" && "${apt[@]}" download python2.7 python2.7-minimal python2.7-dev \
        libpython2.7 libpython2.7-minimal libpython2.7-stdlib libpython2.7-dev libssl1.1 libffi7)
    local package
    for package in "$deb"/packages/*.deb; do dpkg-deb -x "$package" "$deb/root"; done
    rm -rf "$deb/lists" "$deb/cache" "$deb/packages"
}

python2=$(find_python2)
libraries=
if [ -z "$python2" ]; then
    unpack_python2
    python2=$dir/debian/root/usr/bin/python2.7
    libraries=$(dirname "$(find "$dir/debian/root" -name libssl.so.1.1)")
    export LD_LIBRARY_PATH=$libraries CPATH=$dir/debian/root/usr/include/python2.7:$dir/debian/root/usr/include
    works "$python2" || { echo "the unpacked Python 2.7 does not work" >&2; exit 1; }
fi
echo "Python 2.7: $python2"

# The last virtualenv that can make an environment for 2.7.
python3 -m venv "$dir/make"
"$dir/make/bin/pip" install -q virtualenv==20.21.1
rm -rf "$dir/python"
# It would look for updates in a process that goes on behind our back.
VIRTUALENV_OVERRIDE_APP_DATA=$dir/make/data "$dir/make/bin/virtualenv" -q --no-periodic-update -p "$python2" \
    "$dir/python"

"$dir/python/bin/pip" install -q --no-python-version-warning -r "$here/requirements.txt"
# Validates UTF-8 and masks in C. Without it everything works and takes twice as long.
"$dir/python/bin/pip" install -q --no-python-version-warning wsaccel==0.6.6 ||
    echo "wsaccel was not built (no C compiler?), so the suite will be slow" >&2

cat >"$dir/wstest" <<X
#!/bin/sh
${libraries:+export LD_LIBRARY_PATH='$libraries'}
exec '$dir/python/bin/python' '$here/wstest.py' "\$@"
X
chmod +x "$dir/wstest"
"$dir/wstest" -a
