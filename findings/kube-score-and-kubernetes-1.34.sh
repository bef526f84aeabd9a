#!/usr/bin/env bash
# Seen 2026-11-28 with kube-score v1.20.0 (its newest), k8s.io/apimachinery v0.34.4, Go 1.26.
# kube-score cannot share a go.mod with Kubernetes 1.34: labels.Labels got a third method, Lookup, and kube-score's own MapLabels has two.
# Its own go.mod (apimachinery v0.32.3) compiles. A module that names both gets the newer, and this:
#   score/internal/labelselector.go:27:26: ... MapLabels does not implement labels.Labels (missing method Lookup)
# So a tools module that pins kube-score beside client-go 0.34 fails; it needs a go.mod of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod CGO_ENABLED=0

build() { # NAME K8S_VERSION: builds kube-score beside that version of Kubernetes' modules
  mkdir "$1" && cd "$1"
  go mod init "example.test/$1" 2> /dev/null
  go get github.com/zegl/kube-score/cmd/kube-score@v1.20.0 "k8s.io/api@$2" "k8s.io/apimachinery@$2" 2> /dev/null
  go build -o /dev/null github.com/zegl/kube-score/cmd/kube-score 2>&1
}

if ! output=$(build own v0.32.3); then
  echo "expected kube-score to compile beside v0.32.3, found:"; echo "$output"; exit 1
fi
if output=$(build beside v0.34.4); then
  echo "expected kube-score not to compile beside v0.34.4, and it did: this is over"; exit 1
fi
if ! grep -q 'MapLabels does not implement labels.Labels (missing method Lookup)' <<< "$output"; then
  echo "expected the missing method Lookup, found:"; echo "$output"; exit 1
fi
echo 'as seen: v0.32.3 compiles; beside v0.34.4 "MapLabels does not implement labels.Labels (missing method Lookup)"'
