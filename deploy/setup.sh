#!/usr/bin/env bash
# Installs from Debian what yizhan needs and this machine lacks; touches nothing else.
#
#   deploy/setup.sh [--build] [--run] [--test] [--prove] [--bench]      (default: --build)
#
#   --build   compiler and libraries to build yizhan
#   --run     only the libraries that a built yizhan loads
#   --test    all that deploy/test.sh uses (implies --build)
#   --prove   what deploy/prove-bare.sh uses on the machine that it proves on
#   --bench   the peers that tests/bench measures beside yizhan
#   --list    print the package names of the chosen sets, install nothing
#
# As root, or with sudo. With nothing missing it prints one line and asks no network.
set -euo pipefail

# clang-19 of Debian 12 brings libstdc++-12-dev itself; it is named because the build breaks without it.
# libboost-json is the one Boost library that is linked; the rest of 1.81 is headers.
build_packages=(
    clang-19 lld-19 libstdc++-12-dev cmake ninja-build ccache pkg-config git ca-certificates
    libboost1.81-dev libboost-json1.81-dev libcurl4-openssl-dev librocksdb-dev libspdlog-dev libtomlplusplus-dev
    libcli11-dev libsodium-dev libxxhash-dev libzstd-dev libssl-dev zlib1g-dev
)
run_packages=(
    ca-certificates libboost-json1.81.0 libcurl4 librocksdb7.8 libspdlog1.10 libfmt9 libsodium23 libxxhash0 libzstd1 libssl3 zlib1g
)
# libclang-rt-19-dev holds the sanitizers' runtimes, llvm-19 the symbolizer that names the lines in their reports.
test_packages=(
    libgtest-dev libgmock-dev clang-tidy-19 clang-format-19 libclang-rt-19-dev llvm-19 shellcheck
    python3 python3-venv curl openssl iproute2 util-linux procps strace nghttp2-server
)
prove_packages=(debootstrap git curl python3 python3-venv iproute2 util-linux)
bench_packages=(nginx-core wrk aria2 libxml2-dev python3 python3-venv iproute2 util-linux)

usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "$0"; }

say() { printf 'setup: %s\n' "$*"; }

want_build=no want_run=no want_test=no want_prove=no want_bench=no list=no
for argument in "$@"; do
    case $argument in
        --build) want_build=yes ;;
        --run) want_run=yes ;;
        --test) want_test=yes want_build=yes ;;
        --prove) want_prove=yes ;;
        --bench) want_bench=yes ;;
        --list) list=yes ;;
        -h | --help) usage && exit 0 ;;
        *)
            say "unknown argument: $argument (known: --build --run --test --prove --bench --list)" >&2
            exit 2
            ;;
    esac
done
[[ $want_build$want_run$want_test$want_prove$want_bench == *yes* ]] || want_build=yes

wanted=()
[[ $want_build == no ]] || wanted+=("${build_packages[@]}")
[[ $want_run == no ]] || wanted+=("${run_packages[@]}")
[[ $want_test == no ]] || wanted+=("${test_packages[@]}")
[[ $want_prove == no ]] || wanted+=("${prove_packages[@]}")
[[ $want_bench == no ]] || wanted+=("${bench_packages[@]}")

if [[ $list == yes ]]; then
    printf '%s\n' "${wanted[@]}" | sort -u
    exit 0
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "this is no Debian: install the equivalents of these yourself, then build with cmake --preset release:" >&2
    printf '  %s\n' "${wanted[@]}" >&2
    exit 1
fi

missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed* ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    say "nothing is missing (${#wanted[@]} packages looked at)"
    exit 0
fi
say "missing: ${missing[*]}"

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        say "neither root nor sudo here; run this as root, then start again:" >&2
        say "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    say "asking sudo to install them"
    as_root=(sudo)
fi
# The lock is waited for because a fresh machine often runs its own updates at start.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -q)

say "apt-get update"
"${apt[@]}" update || say "some package lists could not be renewed; going on with those that are here"

say "apt-get install (${#missing[@]} packages and what they need)"
# --no-remove: Boost 1.81's headers conflict with other Boost headers, which are somebody's, perhaps.
if ! "${apt[@]}" install -y --no-remove --no-install-recommends "${missing[@]}"; then
    say "apt-get could not install all of them (its own words are above)." >&2
    say "If it refused to remove packages (another libboost-dev), remove those yourself and start again." >&2
    exit 1
fi
say "done"
