#!/usr/bin/env bash
# Everything that CI runs, then one table: step, result, tests, seconds. Exit status 1 if anything failed.
#
#   deploy/test.sh              all steps
#   deploy/test.sh --quick      release build, unit and integration tests
#   deploy/test.sh STEP...      only these, in this order
#
# Steps
#   arrows    the house: includes, folders, addresses (and the checker's own test)
#   format    clang-format 19 on C++, shellcheck on scripts
#   build     release, everything
#   tests     ctest: unit, integration and faults, against the release build
#   clients   real pip, uv, poetry and pdm through the release build, from the test origin and from this machine's
#             package index; what each was recorded to ask, also where it is missing
#   faults    about sixty rows of the fault matrix (tests/faults): mirrors that fail in every way, through the release build
#   asan      unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   fuzz      every libFuzzer target for 20 s, starting from its committed corpus (tests/fuzz)
#   tidy      clang-tidy 19 on what changed
#
# Installs what is missing (deploy/setup.sh --test). A failed step does not stop those that can still say something.
# The words of every step are kept in build/test-logs/.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
root=$(dirname "$(dirname "$self")")
logs=$root/build/test-logs
all_steps=(arrows format build tests clients faults asan fuzz tidy)
quick_steps=(build tests)

# Seconds a step may take before it counts as failed. Together they stay under CI's 90 minutes, so that a hanging
# step still ends in a table that names it.
limit_of() {
    case $1 in
        build) echo 1500 ;;
        asan) echo 1500 ;;
        clients | tests | fuzz) echo 900 ;;
        faults | tidy) echo 480 ;;
        *) echo 120 ;;
    esac
}

# Files under version control or about to be.
project_files() {
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while IFS= read -r file; do
        [[ ! -f $file ]] || printf '%s\n' "$file"
    done
}

# tally STEP PASSED FAILED SKIPPED: what a step counted, for the table.
tally() { printf '%s %s %s\n' "$2" "$3" "$4" >"$logs/$1.count"; }

configure() {
    cmake --preset "$1" -DYIZHAN_TESTS=ON >"$logs/configure-$1.log" 2>&1 || {
        cat "$logs/configure-$1.log"
        return 1
    }
}

# targets_under BUILD FOLDER: ninja's names for "all of" each folder below FOLDER.
targets_under() { ninja -C "$1" -t targets all | sed -nE "s#^($2(/[^:]*)?/all): phony.*#\1#p"; }

# What ctest says, less the lines of what passed, but for one in fifty: that it moves.
worth_reading() {
    awk '/^ *Start +[0-9]+:/ { next }
         / Passed +[0-9.]+ sec/ { if (++passed % 50) next }
         { gsub(/ \.\.\.\.+/, " ..."); print; fflush() }'
}

run_ctest() {
    local step=$1 build=$2 status=0
    shift 2
    rm -f "$logs/$step.xml"
    ctest --test-dir "$build" --parallel 2 --output-on-failure --no-tests=error --timeout 300 \
        --output-junit "$logs/$step.xml" "$@" 2>&1 | worth_reading || status=$?
    python3 - "$logs/$step.xml" >"$logs/$step.count" <<'PY' || rm -f "$logs/$step.count"
import sys, xml.etree.ElementTree as tree
cases = tree.parse(sys.argv[1]).getroot().iter("testcase")
states = [case.get("status") for case in cases]
passed, skipped = states.count("run"), states.count("notrun") + states.count("disabled")
print(passed, len(states) - passed - skipped, skipped)
PY
    return "$status"
}

step_arrows() {
    local said failed=0
    said=$("$root/deploy/check-arrows.sh" --self-test) || failed=1
    printf '%s\n' "$said"
    "$root/deploy/check-arrows.sh" || failed=$((failed + 1))
    tally arrows $((17 - failed)) "$failed" 0
    [[ $failed -eq 0 ]]
}

step_format() {
    local failed=0 unformatted
    if ! project_files '*.hpp' '*.cpp' | xargs -r -d '\n' clang-format-19 --dry-run -Werror >"$logs/clang-format" 2>&1; then
        unformatted=$(sed -nE 's/^([^: ]+):[0-9]+:[0-9]+: error: code should be.*/\1/p' "$logs/clang-format" | sort -u)
        [[ -n $unformatted ]] || cat "$logs/clang-format"
        printf 'not formatted; run this:\n  clang-format-19 -i %s\n' "$(paste -sd ' ' <<<"$unformatted")"
        failed=1
    fi
    project_files '*.sh' .ci/run | xargs -r -d '\n' shellcheck || failed=$((failed + 1))
    tally format $((2 - failed)) "$failed" 0
    [[ $failed -eq 0 ]] && echo "clang-format and shellcheck have nothing to say"
}

step_build() {
    configure release
    cmake --build "$root/build/release"
}

step_tests() { run_ctest tests "$root/build/release" --label-exclude 'clients|bench'; }

# run_counted STEP COMMAND...: runs it and takes the counts of its closing line.
run_counted() {
    local step=$1 status=0 last
    shift
    "$@" 2>&1 | tee "$logs/$step.words" || status=$?
    last=$(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$logs/$step.words" | tail -1 | tr -dc '0-9 ') || true
    # shellcheck disable=SC2086  # three words on purpose
    [[ -z $last ]] || tally "$step" $last
    return "$status"
}

step_clients() { run_counted clients "$root/tests/clients/run.py" --build "$root/build/release"; }

step_faults() {
    "$root/tests/faults/self_test.py"
    run_counted faults "$root/tests/faults/matrix.py" --ci --build "$root/build/release"
}

step_asan() {
    configure asan
    local targets
    mapfile -t targets < <(targets_under "$root/build/asan" tests/unit; targets_under "$root/build/asan" tests/origin)
    cmake --build "$root/build/asan" --target "${targets[@]}"
    # The symbolizer turns a report's addresses into lines; leaks count.
    ASAN_SYMBOLIZER_PATH=$(command -v llvm-symbolizer-19) ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 \
        UBSAN_OPTIONS=print_stacktrace=1 run_ctest asan "$root/build/asan" --label-regex '^unit$'
}

step_fuzz() {
    if [[ ! -f $root/tests/fuzz/CMakeLists.txt ]]; then
        echo "no fuzz targets in this tree"
        tally fuzz 0 0 1
        return 0
    fi
    configure fuzz
    cmake --build "$root/build/fuzz" --target tests/fuzz/all
    run_ctest fuzz "$root/build/fuzz" --label-regex '^fuzz$'
}

step_tidy() { "$root/deploy/tidy.py" --build "$root/build/release" --count "$logs/tidy.count"; }

# A step runs as a process of its own, so that its time limit ends all that it started.
if [[ ${1:-} == --step ]]; then
    cd "$root"
    "step_$2"
    exit
fi

steps=()
for argument in "$@"; do
    case $argument in
        --quick) steps+=("${quick_steps[@]}") ;;
        -h | --help)
            sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "$self"
            exit 0
            ;;
        *)
            if [[ " ${all_steps[*]} " != *" $argument "* ]]; then
                echo "test: unknown step '$argument' (known: ${all_steps[*]})" >&2
                exit 2
            fi
            steps+=("$argument")
            ;;
    esac
done
[[ ${#steps[@]} -gt 0 ]] || steps=("${all_steps[@]}")

mkdir -p "$logs"
"$root/deploy/setup.sh" --test

running=''
trap '[[ -z $running ]] || kill -TERM "$running" 2>/dev/null; exit 130' INT TERM

rows=() total_passed=0 total_failed=0 total_skipped=0
build_failed=no
all_started=$SECONDS
for step in "${steps[@]}"; do
    printf '\n=== %s\n' "$step"
    rm -f "$logs/$step.count"
    started=$SECONDS status=0
    if [[ $build_failed == yes && " tests clients faults tidy " == *" $step "* ]]; then
        echo "not run: the release build failed"
        result=FAILED
        status=1
    else
        exec {words}> >(tee "$logs/$step.log")
        tee_pid=$!
        timeout --kill-after=20 "$(limit_of "$step")" "$self" --step "$step" </dev/null >&"$words" 2>&1 {words}>&- &
        running=$!
        wait "$running" || status=$?
        running=''
        exec {words}>&-
        # Not longer than 5 s: something that a test left behind may hold the other end.
        timeout 5 tail --pid="$tee_pid" -f /dev/null || true
        case $status in
            0) result=ok ;;
            124 | 137) result="FAILED: over $(limit_of "$step") s" ;;
            *) result=FAILED ;;
        esac
    fi
    [[ $step != build || $status -eq 0 ]] || build_failed=yes

    # A step without a count of its own is one test; one that failed with nothing failed in its count is one more.
    passed=0 failed=0 skipped=0
    if [[ -s $logs/$step.count ]]; then
        read -r passed failed skipped <"$logs/$step.count"
    elif [[ $status -eq 0 ]]; then
        passed=1
    fi
    [[ $status -eq 0 || $failed -gt 0 ]] || failed=1
    [[ $status -eq 0 && $passed -eq 0 && $failed -eq 0 && $result == ok ]] && result=skipped
    rows+=("$(printf '%-9s %-22s %7d %7d %8d %8d' "$step" "$result" "$passed" "$failed" "$skipped" $((SECONDS - started)))")
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    total_skipped=$((total_skipped + skipped))
done

if command -v ccache >/dev/null; then
    printf '\n=== compiler cache\n'
    ccache --show-stats | grep -E 'Hits|Misses|Cache size' | head -4 || true
fi
printf '\n%-9s %-22s %7s %7s %8s %8s\n' step result passed failed skipped seconds
printf '%s\n' "${rows[@]}"
printf '%-9s %-22s %7d %7d %8d %8d\n\n' total '' "$total_passed" "$total_failed" "$total_skipped" $((SECONDS - all_started))
printf '%d passed, %d failed, %d skipped\n' "$total_passed" "$total_failed" "$total_skipped"
[[ $total_failed -eq 0 && $total_passed -gt 0 ]]
