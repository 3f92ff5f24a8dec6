#!/bin/sh
# The health check of every container: asks each second until the service is healthy, then about once a minute.
#
#   health.sh http http://127.0.0.1:PORT/PATH    healthy when answered with 200 to 399
#   health.sh exec COMMAND ARGUMENT...           healthy when the command exits with 0
#
# An engine older than 25 has one interval for both times, and a check each second in every container costs a
# third of a core for ever. So the interval is 1 s, and the check of a healthy service waits before it asks.
set -eu
HEALTHY_PAUSE=45 # with the time of an answer and two more failures: a dead service is known within a minute
FAILING_PAUSE=10 # after FAILURES in a row
FAILURES=150
ANSWER=4
memory=${DEVENV_HEALTH_MEMORY:-/dev/shm/devenv-health} # new and empty at every start of the container

http() {
    unset http_proxy HTTP_PROXY all_proxy ALL_PROXY # the service is in this container
    address=${1#http://}
    address=${address%%/*}
    if command -v curl >/dev/null; then
        curl --fail --silent --show-error --max-time "$ANSWER" --output /dev/null "$1"
    elif command -v wget >/dev/null; then
        timeout "$ANSWER" wget -q -O /dev/null "$1"
    elif command -v bash >/dev/null; then
        # shellcheck disable=SC2016 # bash expands it
        bash -c '
            exec 3<>"/dev/tcp/$1/$2" || exit
            printf "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" "$3" "$1:$2" >&3
            read -r -t "$4" version status words <&3 || { echo "no answer in $4 s"; exit 1; }
            case $status in [23]??) ;; *) echo "$version $status $words"; exit 1 ;; esac
        ' bash "${address%:*}" "${address#*:}" "${1#http://"$address"}" "$ANSWER"
    else
        python3 -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=float(sys.argv[2]))' "$1" "$ANSWER"
    fi
}

failures=0 # in a row; or the word healthy
[ ! -e "$memory" ] || read -r failures <"$memory"
if [ "$failures" = healthy ]; then
    sleep "$HEALTHY_PAUSE"
elif [ "$failures" -ge "$FAILURES" ]; then
    sleep "$FAILING_PAUSE"
fi

kind=$1
shift
case $kind in
    http) http "$1" ;;
    exec) "$@" ;;
esac && healthy=true || healthy=false

if $healthy; then
    [ "$failures" = healthy ] || echo healthy >"$memory"
    exit 0
fi
[ "$failures" != healthy ] || failures=0
echo "$((failures + 1))" >"$memory"
exit 1
