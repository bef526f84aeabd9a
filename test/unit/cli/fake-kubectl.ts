// A program "kubectl" on PATH that serves prepared answers, one a call, the last one for ever.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** `kind:` and what follows `get`: everything else that is asked for by its kind. */
export type Question = 'resource' | 'pods' | 'metrics' | 'events' | 'namespace' | 'annotate' | 'create' | 'delete' | 'apply' | 'forward' | 'logs' | 'describe' | 'version' | 'exec' | `kind:${string}`;
/** Text for standard output, or what kubectl says when it fails. */
export type Answer = string | { readonly error: string };

export interface FakeKubectl {
  readonly prepare: (question: Question, ...answers: readonly Answer[]) => void;
  /** Arguments of each call. */
  readonly calls: () => string[];
  /** What `create` and `replace` read on their standard input. */
  readonly created: () => string;
  readonly remove: () => void;
}

const SCRIPT = `#!/bin/sh
dir=$(dirname "$0")
echo "$*" >> "$dir/calls"
case " $* " in
  *" port-forward "*) question=forward ;;
  " exec "*) question=exec ;;
  *" annotate "*) question=annotate ;;
  *" create "*|*" replace "*) question=create; cat >> "$dir/created" ;;
  *" delete "*) question=delete ;;
  *" apply "*) question=apply ;;
  *" get namespace "*) question=namespace ;;
  *" get pods "*) question=pods ;;
  *" get events "*) question=events ;;
  *" get --raw "*) question=metrics ;;
  *" logs "*) question=logs ;;
  *" describe "*) question=describe ;;
  *" version "*) question=version ;;
  *) question=resource ;;
esac
kind=$(echo "$*" | sed -n 's/.*get \\([^ ]*\\).*/kind:\\1/p')
if [ -n "$kind" ] && { [ -e "$dir/$kind.1" ] || [ -e "$dir/$kind.1.error" ]; }; then question=$kind; fi
last=$(cat "$dir/$question.last" 2>/dev/null || echo 0)
next=$((last + 1))
if [ -e "$dir/$question.$next" ] || [ -e "$dir/$question.$next.error" ]; then echo "$next" > "$dir/$question.last"; else next=$last; fi
if [ -e "$dir/$question.$next.error" ]; then cat "$dir/$question.$next.error" >&2; exit 1; fi
if [ "$question" = forward ]; then exec NODE "$dir/$question.$next" "$@"; fi
cat "$dir/$question.$next"
`;

export function fakeKubectl(): FakeKubectl {
  const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-kubectl-'));
  const path = process.env.PATH;
  writeFileSync(join(folder, 'kubectl'), SCRIPT.replace('NODE', process.execPath), { mode: 0o755 });
  for (const file of ['calls', 'created']) writeFileSync(join(folder, file), '');
  process.env.PATH = `${folder}${delimiter}${path ?? ''}`;
  return {
    prepare: (question, ...answers) => {
      answers.forEach((answer, index) => {
        const file = join(folder, `${question}.${index + 1}`);
        if (typeof answer === 'string') writeFileSync(file, answer);
        else writeFileSync(`${file}.error`, answer.error);
      });
    },
    created: () => readFileSync(join(folder, 'created'), 'utf8'),
    calls: () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n'),
    remove: () => {
      process.env.PATH = path;
      // A call of `status --watch` may still be under way, and write into the folder while it is removed.
      rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

/** A port-forward as kubectl makes it, to this port of ours. */
export const forwarder = (port: number): string => `
const { connect, createServer } = require('node:net');
const server = createServer((socket) => {
  const gateway = connect(${port}, '127.0.0.1');
  socket.pipe(gateway).pipe(socket);
  for (const each of [socket, gateway]) each.on('error', () => { socket.destroy(); gateway.destroy(); });
}).listen(0, '127.0.0.1', () => console.log('Forwarding from 127.0.0.1:' + server.address().port + ' -> 9465'));
`;
