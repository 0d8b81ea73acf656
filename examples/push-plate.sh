#!/bin/sh
# Pushes a folder's images as a plate, waits for the results and fetches them. It needs curl and openssl alone.
#
#   examples/push-plate.sh FOLDER [RESULTS]
#
# RESULTS is FOLDER-results by default. In the environment: LABRELAY, the gateway's address for integrators (default
# http://127.0.0.1:59788), PLATE, the plate's name (default the folder's), INSTRUMENT, who pushes (default push), WAIT,
# the seconds that one image is waited for (default 3600).
# To run it again is harmless: what the gateway knows gets the same job, what lies in RESULTS is not fetched again and
# never overwritten.
# Exit status: 0 all images are complete, 1 some are not, 2 wrong use.
set -u

[ $# -ge 1 ] && [ -d "$1" ] || { echo "use: $0 FOLDER [RESULTS]" >&2; exit 2; }
folder=${1%/}
results=${2:-$folder-results}
gateway=${LABRELAY:-http://127.0.0.1:59788}
plate=${PLATE:-$(basename "$(cd "$folder" && pwd)")}
instrument=${INSTRUMENT:-push}
patience=${WAIT:-3600}
# Both from the root, so that also another spelling of the same folder is seen.
whole() { [ -d "$1" ] && (cd -- "$1" && pwd -P) || printf '%s/%s' "$(whole "$(dirname -- "$1")")" "$(basename -- "$1")"; }
case $(whole "$results")/ in "$(whole "$folder")"/*) echo "$results lies among the images" >&2; exit 2 ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# One call; its answer goes into $work/answer, its HTTP status is printed. A gateway that is away or that starts again
# is waited for; an error of the request itself isn't repeated, since curl is not told to fail on it.
call() {
    curl --silent --globoff --retry 30 --retry-delay 1 --retry-all-errors --output "$work/answer" --write-out '%{http_code}' "$@"
}

encode() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'; }

digest() { openssl dgst -sha256 -binary "$1" | openssl base64 -A; }

# The first value of a member in JSON text: member NAME TEXT. A quote in the value would end it; none of those read
# here can have one, but for names of outputs, and the gateway allows none there.
member() {
    rest=${2#*"\"$1\":"}
    case $rest in
        "$2") ;;
        '"'*) rest=${rest#\"}; printf %s "${rest%%\"*}" ;;
        *) printf %s "${rest%%[,\}]*}" ;;
    esac
}

# What the gateway has against it, from a problem document or from a job that failed.
complain() {
    cause=$(member cause "$2")
    printf '%s: %s\n' "$1" "${cause:-no answer, or not within $patience seconds}" >&2
}

# Pushes one image: push FILE PATH. Its jobs are added to the list of what to wait for.
push() {
    : >"$work/answer"
    [ -r "$1" ] || { echo "$2 can't be read" >&2; refused=$((refused + 1)); return; }
    place="instrument=$(encode "$instrument")&path=$(encode "$plate/$2")&attribute=plate=$(encode "\"$plate\"")"
    status=$(call --request POST --upload-file "$1" --header "Content-Digest: sha-256=:$(digest "$1"):" \
        "$gateway/api/v2/captures?$place")
    answer=$(cat "$work/answer")
    case $status in
        200 | 201) ;;
        000) echo "$gateway doesn't answer; run this again when it does" >&2; exit 1 ;;
        *) complain "$2" "$answer"; refused=$((refused + 1)); return ;;
    esac
    while [ "$answer" != "${answer#*'"outputs":"'}" ]; do
        answer=${answer#*'"outputs":"'}
        printf '%s\t%s\n' "${answer%%/outputs\"*}" "$2" >>"$work/jobs"
    done
}

# Waits until a job is final, and prints its stage: await URL
await() {
    end=$(($(date +%s) + patience))
    stage=unknown
    while left=$((end - $(date +%s))) && [ "$left" -gt 0 ]; do
        [ "$left" -lt 60 ] || left=60
        [ "$(call --max-time 90 "$gateway$1?wait=$left")" = 200 ] || break
        stage=$(member stage "$(cat "$work/answer")")
        case $stage in complete | failed | unmatched | cancelled | superseded) break ;; esac
    done
    echo "$stage"
}

# Fetches a job's outputs below RESULTS, each whole with its sealed digest or not at all: fetch URL PATH
fetch() {
    fetched=0
    [ "$(call "$gateway$1/outputs")" = 200 ] || return 1
    list=$(cat "$work/answer")
    while [ "$list" != "${list#*'{"index":'}" ]; do
        list=${list#*'{"index":'}
        item=${list%%'{"index":'*}
        name=$(member name "$item")
        case /$name/ in */../* | //*) return 1 ;; esac
        place=$results/$(dirname "./$2")
        taken "$place/$name" "$(member sha256 "$item")" && place=$place/$(printf %.8s "${1##*/}")
        fetch_one "$(member url "$item")" "$(member sha256 "$item")" "$place/$name" || return 1
        fetched=$((fetched + 1))
    done
}

# fetch_one URL SHA256 FILE
fetch_one() {
    is "$3" "$2" && return
    mkdir -p "$(dirname "$3")" && [ "$(call "$gateway$1")" = 200 ] && is "$work/answer" "$2" || return 1
    cp "$work/answer" "$3.part" && mv "$3.part" "$3"
}

# Whether another output has this name already, e.g. that of another task: taken FILE SHA256
taken() { [ -e "$1" ] && ! is "$1" "$2"; }

# Whether a file is there and has this digest: is FILE SHA256
is() { [ -f "$1" ] && [ "$(openssl dgst -sha256 -r "$1" | cut -c1-64)" = "$2" ]; }

refused=0
: >"$work/jobs"
(cd "$folder" && find . -name '.?*' -prune -o -type f -print | sed 's|^\./||' | sort) >"$work/images"
while IFS= read -r image <&3; do
    push "$folder/$image" "$image"
done 3<"$work/images"

bad=0
tab=$(printf '\t')
printf '%-40s %-12s %7s\n' image state outputs
while IFS=$tab read -r url image <&3; do
    fetched=0
    : >"$work/answer"
    stage=$(await "$url")
    if [ "$stage" = complete ]; then
        fetch "$url" "$image" || stage=unfetched
    fi
    printf '%-40s %-12s %7s\n' "$image" "$stage" "$fetched"
    [ "$stage" = complete ] || { bad=$((bad + 1)); complain "$image" "$(cat "$work/answer")"; }
done 3<"$work/jobs"

echo "$(grep -c . "$work/images") images, $(grep -c . "$work/jobs") jobs, $refused refused, $bad not complete; results in $results"
[ "$refused" = 0 ] && [ "$bad" = 0 ] && [ -s "$work/jobs" ]
