// What Traefik's log says of the last certificate that it asked for: nobody but its log has the ACME server's reason.

/** The last try for a name. */
export type LastTry =
  | { readonly kind: 'got'; readonly at: Date }
  /** `reason`: of the ACME server, or why it was not reached. */
  | { readonly kind: 'failed'; readonly at: Date; readonly reason: string };

/** Traefik colours its lines whoever reads them (3.7, cmd/traefik/logger.go). */
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*m/g;
const LINE = /^(\d{4}-\d\d-\d\dT\S+) (?:INF|ERR) (.*)$/;
/** Of lego, which asks for Traefik. */
const GOT = /^Server responded with a certificate\./;
/** Of Traefik 3.7 (pkg/provider/acme/provider.go): the first try, and a renewal, at level INFO where the server is not reached. */
const FAILED = /^(?:Unable to obtain ACME certificate for domains|Error renewing ACME certificate: ).*? error=(?:"((?:[^"\\]|\\.)*)"|(\S+))/;
/** Before it Traefik and lego say what they did, name by name. */
const REASON = /acme: error: (.*?)\]?$/;

/** @returns undefined where the log has nothing of the name */
export function lastTry(log: string, name: string): LastTry | undefined {
  return log.split('\n').flatMap((line) => tryOf(line.replace(COLOURS, ''), name) ?? []).at(-1);
}

function tryOf(line: string, name: string): LastTry | undefined {
  const [, time = '', said = ''] = LINE.exec(line) ?? [];
  if (!said.includes(name)) return undefined;
  const at = new Date(time);
  if (GOT.test(said)) return { kind: 'got', at };
  const failed = FAILED.exec(said);
  return failed === null ? undefined : { kind: 'failed', at, reason: reasonIn(failed) };
}

/** Without the escapes of the log. */
function reasonIn([, quoted, bare = '']: RegExpExecArray): string {
  const error = quoted?.replaceAll(/\\[nrt]/g, ' ').replaceAll(/\\(.)/g, '$1') ?? bare;
  return REASON.exec(error)?.[1] ?? error;
}
