#!/usr/bin/env bash
# Installs what is missing, builds yizhan, starts it and prints the lines to use for pip and uv.
#
#   deploy/run.sh [arguments of `yizhan serve`]
#
# For instance
#   deploy/run.sh                                    on 127.0.0.1:8080, store under the user's data folder
#   deploy/run.sh --listen 0.0.0.0:8080              for the whole lab
#   deploy/run.sh --upstream https://index.example.org/simple/
#   deploy/run.sh --offline                          only what the store holds; opens no outgoing socket
#
# From any folder, as root or with sudo, as often as you like: what is there already is not done again.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
binary=$root/build/release/yizhan

say() { printf 'run: %s\n' "$*"; }

case ${1:-} in
    -h | --help)
        sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}"
        [[ ! -x $binary ]] || exec "$binary" serve --help
        exit 0
        ;;
esac

# The addresses that `yizhan serve` with these arguments will listen on, one a line: the binary knows best what flags,
# environment and file come to. Where it refuses them it will say why when it starts.
listen_addresses() {
    "$binary" config print "$@" 2>/dev/null | sed -nE 's/^listen *= *\[([^#]*)\].*/\1/p' | tr -d '" ' | tr ',' '\n' || true
}

# A wildcard address cannot be dialled: this machine's name stands for it.
dialable() {
    case $1 in
        0.0.0.0:* | '[::]:'* | '*:'*) printf '%s:%s\n' "$(hostname 2>/dev/null || echo 127.0.0.1)" "${1##*:}" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

print_lines() {
    local address=$1 trusted=''
    if [[ ${address##*:} == 0 ]]; then
        say "the system chooses the port: put the address of the line \"listening on\" below into these / 端口由系统选择，见下方 listening on 一行"
    fi
    # pip takes plain http from loopback only, unless it is told the host.
    case $address in
        127.* | localhost:* | '[::1]:'*) ;;
        *) trusted=" --trusted-host ${address%:*}" ;;
    esac
    cat <<LINES

  pip, once / 临时使用:
    pip install -i http://$address/simple/$trusted PACKAGE
  pip, from now on / 设为默认:
    pip config set global.index-url http://$address/simple/
$(if [[ -n $trusted ]]; then
        printf '    pip config set global.trusted-host %s\n' "${address%:*}"
    fi)
  uv, once / 临时使用:
    uv pip install --default-index http://$address/simple/ PACKAGE
  uv, from now on / 设为默认:
    export UV_DEFAULT_INDEX=http://$address/simple/

LINES
}

started=$SECONDS
"$root/deploy/setup.sh" --build

# Without the tests: they need GoogleTest, which a user need not have. A tree that was configured before is left as
# it is; ninja configures it anew by itself where a CMakeLists.txt changed.
if [[ ! -f $root/build/release/build.ninja ]]; then
    say "configuring build/release"
    (cd "$root" && cmake --preset release -DYIZHAN_TESTS=OFF)
fi
[[ -x $binary ]] || say "building yizhan, which takes some minutes the first time / 正在编译，首次需要几分钟"
cmake --build "$root/build/release" --target yizhan
say "built after $((SECONDS - started)) s: build/release/yizhan"

say "starting; stop with Ctrl-C / 正在启动，按 Ctrl-C 停止"
while IFS= read -r address; do
    print_lines "$(dialable "$address")"
done < <(listen_addresses "$@")

exec "$binary" serve "$@"
