# Looks at Valkey's append-only file before Valkey does, and repairs a damaged end: what a power cut leaves there is zeros, or half a command.
#
# - Zeros: Valkey refuses to load them, at each start again.
# - Half a transaction: Valkey 8 loads it and cuts it off behind its MULTI; at the next start all that was written since is gone.
# - Damage further ahead: whatever follows has to go, so it waits for a person: docs/runbooks/queue-file-damaged.md.
set -eu
export LC_ALL=C
DATA=/data
MANIFEST=$DATA/appendonlydir/appendonly.aof.manifest
KEPT=$DATA/cut-off
PERMISSION=$DATA/cut-off-damage
# What Valkey itself needs has to stay. KiB.
RESERVE=16384
CR=$(printf '\r')
# A shell that is process 1 ends by no signal that it does not name.
trap 'exit 143' TERM

say() {
  echo "$1" | tee "${TERMINATION_LOG:-/dev/termination-log}"
}

# What follows the last whole command, without a last line that has no end: each command ends with one.
rest() {
  tail -c "+$((at + 1))" "$last" | head -c "$((size - at - loose))"
}

# Whether nothing whole is lost: one command, or one transaction, that does not come to its end.
is_at_end() {
  [ "$(rest | tr '\0' '\n' | grep -c "^\*[0-9][0-9]*$CR\$")" -le 1 ] && return
  rest | head -n 3 | grep -q "^MULTI$CR\$" && ! rest | grep -q "^EXEC$CR\$" && [ "$(rest | tr -dc '\0' | wc -c)" -eq 0 ]
}

# Beside what is left it is the old file; only the newest is kept, and only where there is room.
keep() {
  rm -rf "$KEPT"
  [ "$(df -Pk "$DATA" | awk 'NR == 2 { print $4 }')" -gt "$(((size - at) / 1024 + RESERVE))" ] || return 0
  mkdir "$KEPT"
  tail -c "+$((at + 1))" "$last" > "$KEPT/$name.from-byte-$at"
}

[ -e "$MANIFEST" ] || exit 0
verdict=$(valkey-check-aof "$MANIFEST" 2>&1 < /dev/null) && exit 0

name=$(sed -n 's/^file \(.*\) seq [0-9]* type i.*/\1/p' "$MANIFEST" | tail -n 1)
at=$(echo "$verdict" | sed -n "s/.*filename=$name, size=[0-9]*, ok_up_to=\([0-9]*\),.*/\1/p")
# Of another file than the last: Valkey says what it makes of it.
[ -n "$at" ] || exit 0
last=$DATA/appendonlydir/$name
size=$(($(wc -c < "$last")))
loose=0
[ "$(tail -c 1 "$last" | wc -l)" -eq 1 ] || loose=$(($(tail -n 1 "$last" | wc -c)))

if ! is_at_end; then
  say "damaged at byte $at of $size, with whole commands behind it: waits for $PERMISSION"
  until [ -e "$PERMISSION" ]; do sleep 1; done
fi
keep
echo y | valkey-check-aof --fix "$MANIFEST"
rm -f "$PERMISSION"
say "cut off $((size - at)) bytes of the append-only file from byte $at on; $([ -e "$KEPT" ] && echo "kept in $KEPT" || echo 'no room to keep them')"
