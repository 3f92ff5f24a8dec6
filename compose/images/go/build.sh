#!/bin/sh
# Compiles one command of a Go module, with exactly the versions that the module was released with:
#
#   build.sh MODULE@VERSION PACKAGE LDFLAGS
#
# `go install` refuses a module whose go.mod replaces or excludes another; a module that requires it does not.
set -eu
work=$(mktemp -d)
export GOPATH="$work/modules" GOCACHE="$work/cache"
mkdir -p "$work/image" /out
cd "$work/image"
printf 'module image\n\ngo 1.24\n\nrequire %s %s\n' "${1%@*}" "${1#*@}" >go.mod
go build -mod=mod -modcacherw -trimpath -ldflags "-s -w $3" -o "/out/$(basename "$2")" "$2"
rm -rf "$work"
