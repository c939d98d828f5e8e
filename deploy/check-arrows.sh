#!/usr/bin/env bash
# Holds the tree to the house of ARCHITECTURE.md: what may include what, and where public addresses may stand.
#
#   deploy/check-arrows.sh [TREE]         checks this tree, or another one; one line for each breach, exit 1 if any
#   deploy/check-arrows.sh --self-test    breaks a small tree in every way and sees each breach reported
set -euo pipefail

rooms=(proxy cache index config)
folders=(proxy cache index config tests deploy)

# What stands below a room: whose headers it may include and whose library it may link.
below() {
    case $1 in
        proxy) echo "proxy cache index config" ;;
        cache) echo "cache config" ;;
        index) echo "index config" ;;
        config) echo "config" ;;
        tests) echo "proxy cache index config tests" ;;
    esac
}

breaches=0
breach() {
    printf '%s\n' "$*"
    breaches=$((breaches + 1))
}

sources() { find "$@" -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.cc' \) | sort; }

check_folders() {
    local entry name
    for entry in */; do
        name=${entry%/}
        [[ $name != build ]] || continue
        [[ " ${folders[*]} " == *" $name "* ]] ||
            breach "$name/: a seventh folder at the top; the house has ${folders[*]}"
    done
}

# Every include of ours is written "room/file.hpp" from the root, so that an arrow can be read off its line.
check_includes() {
    local room line file number quote target first
    for room in "${rooms[@]}" tests; do
        [[ -d $room ]] || continue
        while IFS= read -r line; do
            file=${line%%:*} line=${line#*:}
            number=${line%%:*} line=${line#*:}
            [[ $line =~ include[[:space:]]*([\"\<])([^\"\>]+) ]] || continue
            quote=${BASH_REMATCH[1]} target=${BASH_REMATCH[2]}
            first=${target%%/*}
            if [[ $target == *..* ]]; then
                breach "$file:$number: \"$target\": write the path from the root, without '..'"
            elif [[ " ${folders[*]} " == *" $first "* && $target == */* ]]; then
                [[ " $(below "$room") " == *" $first "* ]] ||
                    breach "$file:$number: $room must not include \"$target\": below $room stand: $(below "$room")"
            elif [[ $quote == '"' ]]; then
                breach "$file:$number: \"$target\": write \"room/file.hpp\" from the root"
            fi
        done < <(sources "$room" | xargs -r -d '\n' grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' || true)
    done
}

check_links() {
    local room line other
    for room in "${rooms[@]}"; do
        [[ -d $room ]] || continue
        while IFS= read -r line; do
            for other in "${rooms[@]}" tests; do
                [[ $line == *"yizhan_$other"* ]] || continue
                [[ " $(below "$room") " == *" $other "* ]] ||
                    breach "${line%%:*}: $room must not link yizhan_$other"
            done
        done < <(find "$room" -name CMakeLists.txt -print0 | xargs -r -0 grep -HE 'yizhan_(proxy|cache|index|config|tests)' || true)
    done
}

check_headers() {
    local header
    while IFS= read -r header; do
        grep -qE '^[[:space:]]*#[[:space:]]*pragma[[:space:]]+once' "$header" || breach "$header: no #pragma once"
    done < <(find "${present[@]}" -type f \( -name '*.hpp' -o -name '*.h' \) | sort)
}

# index/ is pure: it is tested with tables and fuzzed without a machine around it.
check_index() {
    [[ -d index ]] || return 0
    local line
    while IFS= read -r line; do
        breach "$line: index has no socket, no file and no clock"
    done < <(sources index | xargs -r -d '\n' grep -HnoE \
        '#[[:space:]]*include[[:space:]]*<(fstream|filesystem|thread|mutex|boost/asio[^>]*|boost/beast[^>]*|curl/[^>]*|rocksdb/[^>]*|sys/[^>]*|fcntl\.h|unistd\.h|netdb\.h)>|[a-z_]+_clock::now' || true)
}

# The hosts of the catalogue's data may be named in its data, in prose (*.md, comments) and in example
# configurations; code that knows one would go on asking it after the catalogue has dropped it.
check_addresses() {
    [[ -d config/data ]] || return 0
    local hosts pattern line file code
    hosts=$(find config/data -type f -print0 | xargs -r -0 grep -hoE 'https?://[A-Za-z0-9.-]+\.[A-Za-z]+' |
        sed -E 's#^https?://##' | sort -u | grep -vE '(^|\.)(example|test|invalid|localhost)$|(^|\.)example\.(org|com|net)$' || true)
    [[ -n $hosts ]] || return 0
    pattern=$(paste -sd '|' <<<"${hosts//./\\.}")
    while IFS= read -r line; do
        file=${line%%:*}
        code=${line#*:}
        code=${code#*:}
        # A comment is prose. "//" after a colon belongs to an address.
        case $file in
            *.hpp | *.cpp | *.h) code=$(sed -E 's#(^|[^:"])//.*#\1#' <<<"$code") ;;
            *) code=$(sed -E 's/(^|[[:space:]])#.*//' <<<"$code") ;;
        esac
        ! grep -qE "(^|[^A-Za-z0-9.-])($pattern)([^A-Za-z0-9.-]|$)" <<<"$code" ||
            breach "$(cut -d: -f1,2 <<<"$line"): a public address; those stand in config/data alone (tests use example.org)"
    done < <(find "${present[@]}" .ci -type f -not -path 'config/data/*' -not -path 'deploy/examples/*' -not -name '*.md' \
        -not -path '*/__pycache__/*' -print0 2>/dev/null |
        xargs -r -0 grep -IHnE "($pattern)" || true)
}

check() {
    cd "$1"
    breaches=0
    present=()
    local folder
    for folder in "${folders[@]}"; do
        if [[ -d $folder ]]; then
            present+=("$folder")
        else
            breach "$folder/: missing; the house has ${folders[*]}"
        fi
    done
    check_folders
    check_includes
    check_links
    check_headers
    check_index
    check_addresses
    if [[ $breaches -gt 0 ]]; then
        printf 'check-arrows: %d breaches\n' "$breaches"
        return 1
    fi
    printf 'check-arrows: the arrows point down in %d files\n' "$(sources "${present[@]}" | wc -l)"
}

sample_house() {
    local room
    mkdir -p "$1"/{proxy/http,cache,index,config/data,tests/unit,deploy/examples,build/release,.ci}
    for room in "${rooms[@]}"; do
        printf '#pragma once\n#include <vector>\n#include "config/error.hpp"\n' >"$1/$room/a.hpp"
        printf 'target_link_libraries(yizhan_%s PUBLIC yizhan_config)\n' "$room" >"$1/$room/CMakeLists.txt"
    done
    printf '#pragma once\n' >"$1/config/error.hpp"
    printf '#include "proxy/a.hpp"\n#include "cache/a.hpp"\n#include "index/a.hpp"\n' >"$1/proxy/http/b.cpp"
    printf '#include "proxy/a.hpp"\n#include "tests/c.hpp"\n' >"$1/tests/unit/c.cpp"
    printf '#pragma once\n' >"$1/tests/c.hpp"
    printf 'pypi,https://mirror.yizhan-sample.cn/simple\n' >"$1/config/data/mirrors.csv"
    printf '// as mirror.yizhan-sample.cn does, see https://mirror.yizhan-sample.cn/\nint a;\n' >"$1/cache/said.cpp"
    printf 'url = "https://mirror.yizhan-sample.cn/simple"\n' >"$1/deploy/examples/a.toml"
}

# breaks NAME FILE LINE EXPECTED: with LINE added to FILE the check must fail and say EXPECTED.
breaks() {
    local name=$1 file=$2 line=$3 expected=$4 tree said
    tree=$(mktemp -d "$scratch/XXXXXX")
    sample_house "$tree"
    mkdir -p "$tree/$(dirname "$file")"
    printf '%s\n' "$line" >>"$tree/$file"
    if said=$("$self" "$tree"); then
        printf 'not ok: %s: the check passed\n' "$name"
        failures=$((failures + 1))
    elif [[ $said != *"$expected"* ]]; then
        printf 'not ok: %s: expected "%s", got:\n%s\n' "$name" "$expected" "$said"
        failures=$((failures + 1))
    else
        printf 'ok: %s\n' "$name"
    fi
}

self_test() {
    self=$(readlink -f "${BASH_SOURCE[0]}")
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    failures=0
    sample_house "$scratch/clean"
    if "$self" "$scratch/clean"; then
        echo "ok: a clean house passes"
    else
        echo "not ok: a clean house fails"
        failures=1
    fi
    breaks "config sees nothing" config/a.cpp '#include "index/a.hpp"' 'config must not include "index/a.hpp"'
    breaks "cache does not see index" cache/a.cpp '#include "index/a.hpp"' 'cache must not include'
    breaks "index does not see cache" index/a.cpp '#  include "cache/a.hpp"' 'index must not include'
    breaks "cache does not see proxy" cache/a.cpp '#include <proxy/a.hpp>' 'cache must not include'
    breaks "nobody includes tests" proxy/a.cpp '#include "tests/c.hpp"' 'proxy must not include'
    breaks "paths from the root" proxy/a.cpp '#include "a.hpp"' 'write "room/file.hpp"'
    breaks "no dot dot" proxy/http/a.cpp '#include "../../index/a.hpp"' "without '..'"
    breaks "a header without pragma once" cache/b.hpp 'int b();' 'no #pragma once'
    breaks "a seventh folder" util/a.txt 'x' 'a seventh folder'
    breaks "links point down too" index/CMakeLists.txt 'target_link_libraries(yizhan_index PUBLIC yizhan_cache)' 'must not link'
    breaks "no file in index" index/a.cpp '#include <fstream>' 'no socket, no file'
    breaks "no clock in index" index/a.cpp 'auto t = std::chrono::steady_clock::now();' 'no clock'
    breaks "an address in code" proxy/a.cpp 'const char* u = "https://mirror.yizhan-sample.cn/x"; // why' 'a public address'
    breaks "a host in a test" tests/unit/d.cpp 'auto h = "mirror.yizhan-sample.cn";' 'a public address'
    breaks "an address in a script" deploy/a.sh 'curl https://mirror.yizhan-sample.cn/' 'a public address'
    [[ $failures -eq 0 ]]
}

case ${1:-} in
    --self-test) self_test ;;
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "${BASH_SOURCE[0]}" ;;
    *) check "${1:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..}" ;;
esac
