#!/usr/bin/env bash
# Proves the promise of the README on a machine with nothing on it: a fresh Debian 12 tree, a clone, deploy/run.sh,
# `pip install` of a package with dependencies; then, with only loopback left, the same command installs the same files.
#
#   deploy/prove-bare.sh [--package NAME] [--upstream URL] [--keep] [--ccache FOLDER]
#
#   --package NAME    what is installed (default: requests)
#   --upstream URL    handed to deploy/run.sh; default: this machine's package index where pip is configured to use one
#                     of its own, else nothing, that is yizhan's own catalogue
#   --keep            leave the tree for looking at it
#   --ccache FOLDER   lend the tree this compiler cache (a fresh machine has none; for repeated runs)
#
# Needs root. What is committed is what is proved. The tree lives in a mount and process namespace of its own, so that
# nothing stays mounted or running whatever happens. The bare tree and Debian's packages are kept in
# ~/.cache/yizhan-tests for the next run. Ends with the line PROVED, or with what differed and exit status 1.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=$(dirname "$(dirname "$self")")
cache=${YIZHAN_TEST_CACHE:-$HOME/.cache/yizhan-tests}
address=127.0.0.1:8080

# Seconds: the whole first run (Debian's packages, a cold build on two cores), and a start of what is built.
first_patience=2700
start_patience=120

say() { printf 'prove: %s\n' "$*"; }
die() {
    printf 'prove: %s\n' "$*" >&2
    exit 1
}

package=requests upstream='' keep=no lend_ccache=''

parse() {
    while [[ $# -gt 0 ]]; do
        case $1 in
            --package) package=$2 && shift 2 ;;
            --upstream) upstream=$2 && shift 2 ;;
            --keep) keep=yes && shift ;;
            --ccache) lend_ccache=$(readlink -f "$2") && shift 2 ;;
            -h | --help)
                sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "$self"
                exit 0
                ;;
            *) die "unknown argument: $1" ;;
        esac
    done
}

# The address of the Debian 12 archive that this machine uses.
# shellcheck disable=SC2016  # $(…) in these formats is apt's own
debian_mirror() {
    local found
    found=$(apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -F'|' '$1 == "Debian" && $2 == "bookworm" { print $3; exit }')
    [[ -n $found ]] || found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        grep -v '^#' | grep -oE 'https?://[^ ]*debian/?( |$)' | head -1 | tr -d ' ')
    [[ -n $found ]] || die "no Debian 12 archive in this machine's apt sources (run apt-get update?)"
    printf '%s\n' "$found"
}

# One-line sources for the tree: those of this machine's that are Debian 12's own.
# shellcheck disable=SC2016
debian_sources() {
    local lines
    lines=$(apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -F'|' '$1 == "Debian" && $2 ~ /^bookworm/ { print "deb " $4 " " $2 " " $3 }' | sort -u)
    printf '%s\n' "${lines:-deb $(debian_mirror) bookworm main}"
}

make_bare_tree() {
    local archive
    archive=$cache/debian-12-minbase-$(dpkg --print-architecture).tar
    if [[ ! -f $archive ]]; then
        say "debootstrap: a bare Debian 12 (once; kept in $archive)"
        mkdir -p "$cache"
        debootstrap --variant=minbase bookworm "$tree" "$(debian_mirror)"
        rm -rf "$tree"/var/cache/apt/archives/*.deb
        tar -C "$tree" --one-file-system -cf "$archive.new" .
        mv "$archive.new" "$archive"
    else
        say "unpacking the bare Debian 12 of $archive"
        tar -C "$tree" -xpf "$archive"
    fi
}

# The network works in the tree as it does here: names, proxies, certificates. Nothing of pip's goes in.
give_network() {
    cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
    debian_sources >"$tree/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(http|https)::' >"$tree/etc/apt/apt.conf.d/90machine" || true
    local bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    if [[ -f $bundle ]]; then
        mkdir -p "$tree/etc/ssl"
        cp -L "$bundle" "$tree/etc/ssl/machine-ca.crt"
        printf 'Acquire::https::CaInfo "/etc/ssl/machine-ca.crt";\n' >>"$tree/etc/apt/apt.conf.d/90machine"
    fi
    if [[ -d /usr/local/share/ca-certificates ]]; then
        mkdir -p "$tree/usr/local/share/ca-certificates"
        cp -RL /usr/local/share/ca-certificates/. "$tree/usr/local/share/ca-certificates/"
    fi
    mount --rbind /dev "$tree/dev"
    mount -t proc proc "$tree/proc"
    # Debian's packages are fetched once, not once per proof.
    mkdir -p "$cache/debian-packages/partial" "$tree/var/cache/apt/archives"
    mount --bind "$cache/debian-packages" "$tree/var/cache/apt/archives"
}

# in_tree COMMAND...: as root of the tree, with an environment that has nothing but the way to the network.
in_tree() {
    chroot "$tree" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${network[@]}" "$@"
}

# start_yizhan LOG PATIENCE ARGUMENT...: deploy/run.sh in a process group of its own, until it says that it is ready.
start_yizhan() {
    local log=$1 deadline=$((SECONDS + $2))
    shift 2
    say "deploy/run.sh $*"
    setsid chroot "$tree" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${network[@]}" \
        /root/yizhan/deploy/run.sh "$@" </dev/null > >(tee "$log" | sed -u 's/^/  | /') 2>&1 &
    yizhan=$!
    until curl --silent --fail --noproxy '*' --max-time 2 --output /dev/null "http://$address/readyz"; do
        kill -0 "$yizhan" 2>/dev/null || die "deploy/run.sh ended before it was ready; its words are above"
        [[ $SECONDS -lt $deadline ]] || die "not ready after $2 s"
        sleep 1
    done
    say "ready"
}

stop_yizhan() {
    kill -TERM "$yizhan"
    local status=0
    timeout 30 tail --pid="$yizhan" -f /dev/null || die "yizhan did not stop within 30 s of SIGTERM"
    wait "$yizhan" || status=$?
    [[ $status -eq 0 ]] || die "yizhan left with status $status"
}

# pip_install NAME: a fresh environment, home and cache; the files that pip left, with their digests, go to $out/NAME.
pip_install() {
    local name=$1 wheel
    rm -rf "$tree/root/environment" "$tree/root/home"
    mkdir -p "$tree/root/home"
    in_tree python3 -m venv /root/environment
    say "pip install -i http://$address/simple/ $package"
    chroot "$tree" /usr/bin/env -i HOME=/root/home LANG=C.UTF-8 PATH=/usr/bin:/bin \
        /root/environment/bin/pip install --disable-pip-version-check --progress-bar off -i "http://$address/simple/" "$package" \
        </dev/null 2>&1 | tee "$out/$name.pip" | sed -u 's/^/  | /' || die "$name: pip failed; its words are above"
    (cd "$tree/root/environment" && find . -type f -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum) >"$out/$name"
    while IFS= read -r wheel; do
        grep -qF -e "$wheel" -e "${wheel//+/%2B}" "$out/$name.log" || die "pip got $wheel, but yizhan's log does not know it"
    done < <(grep -oE '[A-Za-z0-9_.+-]+\.(whl|tar\.gz)' "$out/$name.pip" | sort -u)
}

# The two acts run in namespaces: first with the machine's network, then with loopback alone.
act_online() {
    give_network
    if [[ -n $lend_ccache ]]; then
        mkdir -p "$tree/root/.cache/ccache"
        mount --bind "$lend_ccache" "$tree/root/.cache/ccache"
    fi
    say "what a user brings along: git for the clone, python3-venv for pip"
    in_tree apt-get -q update
    in_tree env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends git ca-certificates python3-venv
    in_tree git clone --quiet /root/yizhan.bundle /root/yizhan
    local arguments=()
    [[ -z $upstream ]] || arguments=(--upstream "$upstream")
    start_yizhan "$out/online.log" "$first_patience" "${arguments[@]}"
    pip_install online
    stop_yizhan
    say "now in a network namespace with loopback alone"
    unshare --net -- "$self" --act offline
}

act_offline() {
    ip link set lo up
    [[ -z $(ip route show) && -z $(ip -6 route show default) ]] || die "this namespace has a way out"
    start_yizhan "$out/offline.log" "$start_patience" --offline
    pip_install offline
    stop_yizhan
}

if [[ ${1:-} == --act ]]; then
    # shellcheck disable=SC1090  # written below
    source "$PROVE_STATE"
    "act_$2"
    exit
fi

parse "$@"
[[ $(id -u) -eq 0 ]] || die "needs root: debootstrap and chroot do (sudo deploy/prove-bare.sh)"
"$root/deploy/setup.sh" --prove
! curl --silent --max-time 2 --output /dev/null "http://$address/" || die "something listens on $address already; stop it first"
git -C "$root" diff --quiet HEAD || say "note: only what is committed is proved, and this work tree has more"

mapfile -t found < <(python3 "$root/tests/clients/machine.py") || true
[[ ${#found[@]} -ge 2 ]] || die "no package index answers on this machine: nothing to prove with"
[[ -n $upstream || ${found[1]} == default ]] || upstream=${found[0]}
network=()
for variable in "${found[@]:2}"; do
    case $variable in
        SSL_CERT_FILE=*) network+=(SSL_CERT_FILE=/etc/ssl/machine-ca.crt) ;;
        SSL_CERT_DIR=*) ;;
        *) network+=("$variable") ;;
    esac
done

scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/yizhan-bare.XXXXXX")
tree=$scratch/tree out=$scratch/out
mkdir "$tree" "$out"
# Every mount was made in a namespace that is gone by now; --one-file-system guards against the day that this is wrong.
trap '[[ $keep == yes ]] && say "kept: $scratch" || rm -rf --one-file-system "$scratch"' EXIT
trap 'exit 130' INT TERM

make_bare_tree
git -C "$root" bundle create --quiet "$tree/root/yizhan.bundle" HEAD
export PROVE_STATE=$scratch/state
declare -p tree out package upstream lend_ccache network >"$PROVE_STATE"
started=$SECONDS
unshare --mount --propagation private --pid --fork --kill-child --mount-proc -- "$self" --act online || die "not proved"

if diff "$out/online" "$out/offline"; then
    say "$(wc -l <"$out/online") files, the same both times, after $((SECONDS - started)) s"
    echo PROVED
else
    die "the two installations differ (< with the network, > without)"
fi
