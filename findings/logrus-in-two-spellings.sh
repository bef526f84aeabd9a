#!/usr/bin/env bash
# Seen 2026-11-28 with local-path-provisioner v0.0.30 and containerd's log v0.1.0, Go 1.26.
# Both go into one go.mod, `go mod tidy` is content, each builds by itself. Named in one `go build` they are refused:
#   case-insensitive import collision: "github.com/Sirupsen/logrus" and "github.com/sirupsen/logrus"
# local-path-provisioner still imports logrus by the name that it had until 2017; everything of containerd and Kubernetes' node by the new one.
# The collision is of the packages of one command, not of a module: two commands on the same go.mod work.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod CGO_ENABLED=0
go mod init example.test/both 2> /dev/null
go mod edit -require=github.com/rancher/local-path-provisioner@v0.0.30 -require=github.com/containerd/log@v0.1.0
old=github.com/rancher/local-path-provisioner new=github.com/containerd/log
go get "$old@v0.0.30" "$new@v0.1.0" 2> /dev/null

go list -deps "$old" > /dev/null || { echo 'expected local-path-provisioner alone to resolve'; exit 1; }
go list -deps "$new" > /dev/null || { echo "expected containerd's log alone to resolve"; exit 1; }
if output=$(go vet "$old" "$new" 2>&1); then
  echo 'expected both in one command to be refused, and they were not: this is over'; exit 1
fi
if ! grep -q 'case-insensitive import collision' <<< "$output"; then
  echo 'expected "case-insensitive import collision", found:'; echo "$output"; exit 1
fi
echo 'as seen: each alone resolves; both in one command "case-insensitive import collision"'
