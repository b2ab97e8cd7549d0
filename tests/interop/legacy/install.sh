#!/bin/bash
# Installs the peers of tests/legacy_interop.rs: install.sh FOLDER. Debian packages go into the system, everything else into
# the folder.
set -Eeuo pipefail
mkdir -p "$1"
folder=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")"

packages=(ruby ruby-em-websocket ruby-websocket ruby-websocket-driver libprotocol-websocket-perl libnetty-java default-jdk-headless g++ libboost-dev
    libwebsocketpp-dev)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
cp package.json "$folder"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts --prefix "$folder"
[ -x "$folder/python/bin/python" ] || python3 -m venv "$folder/python"
"$folder/python/bin/pip" install -q txws==0.9.1 twisted six
javac -nowarn -d "$folder" -cp "$(printf '%s:' /usr/share/java/netty*.jar)" NettyEcho.java
# It takes the compiler a while.
if [ websocketpp.cpp -nt "$folder/websocketpp" ]; then
    g++ -std=c++17 -w -o "$folder/websocketpp" websocketpp.cpp -pthread
fi
touch "$folder/installed"
