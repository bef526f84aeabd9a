// The parts of the soak: what `npm test` has no time for, each an hour's three quarters at most, by hand before a release.
export interface SoakPart {
  readonly name: string;
  readonly what: string;
  /** Minutes that it takes on two cores. */
  readonly minutes: number;
  /** Jest's. */
  readonly project: 'soak' | 'replay';
  /** Files of the project; none given: all. */
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files that may run at the same time. */
  readonly workers: number;
}

/** A part that takes longer is ended and has failed. */
export const LONGEST_MINUTES = 45;

const onPods = (name: string, what: string, minutes: number): SoakPart =>
  ({ name, what, minutes, project: 'soak', files: [`test/soak/${name}.test.ts`], env: {}, workers: 1 });

export const SOAK_PARTS: readonly SoakPart[] = [
  onPods('stack', 'the stack at default settings: install, update, starved parts, a killed, a full and a damaged queue, a mistyped image and rotations beside it, the administrator\'s Secret deleted, a port of the node opened', 40),
  onPods('rotation', 'every rotation, with every disturbance', 40),
  onPods('gateway', 'whatever is stopped, frozen, killed, rolled and rotated behind the gateway at 104 events/s, and a spool that is full', 40),
  onPods('gateway-itself', 'the gateway killed twenty times at 104 events/s, its disk full, a worker frozen for longer than 300 s, what was set aside, taken out and brought back', 40),
  onPods('backup', 'backups to a volume and a bucket at 20 events/s, and whatever goes wrong with the bucket, the Job, Postgres and the operator', 40),
  onPods('backup-damaged', 'backups at 20 events/s that are damaged by kind: the file, its source, what was dumped, who may read it, and what lies in the bucket', 30),
  onPods('restore', 'a restore at 20 events/s: there, back, there again and confirmed; operator and Job killed in each phase', 45),
  onPods('restore-killed', 'restores of a large copy at 20 events/s, whose Job is killed while it fetches, loads and places, or that are taken back while it loads', 35),
  onPods('rehearse', 'migrations rehearsed at 20 events/s: on a dump, on a copy, of the next release, without its image, and killed', 25),
  onPods('restore-from-nothing', 'a new cluster from the bucket and the key alone, by the commands of its runbook', 25),
  onPods('upgrade', 'from GlitchTip 5.2 to 6.2, between the two doubles, at 20 events/s with 3,000 in the queue: there and back, then with operator and Jobs killed in each phase, old events imported, confirmed', 45),
  onPods('upgrade-killed', 'from GlitchTip 5.2 to 6.2 and back at 20 events/s, with gateway, Valkey, Postgres, and the Jobs of the import and of the way back killed', 35),
  onPods('move', 'the move from an old Sentry at 60 events/s, by the commands of its runbook: parallel, cutover, rollback timed; the old one away, slow and refusing; gateway and operator killed in each phase', 40),
  onPods('move-glitchtip', 'the move from another GlitchTip at 20 events/s: parallel, cutover, rollback timed, each event stored by both', 20),
  onPods('https', 'a certificate by ACME, got by Traefik and by cert-manager, of a Secret, of a Gateway: what is served with it to browsers and SDKs, and what is told when it is not; Traefik\'s own certificate', 35),
  onPods('https-rolled', 'https at 60 events/s while web, gateway and Traefik are rolled; large and slow uploads, a streamed page, what listens, and what is told when the ACME server is away or the name leads elsewhere', 30),
  onPods('https-ways', 'certificates of a quarter of an hour that Traefik renews by itself at 60 events/s, and a Cloudflare Tunnel, by a stand-in: its limits, whom it reaches, and what is told when it is not connected', 25),
  onPods('volumes', 'a volume claim deleted, copied and lost, by the commands of its runbook', 25),
  onPods('releases', 'GlitchTip 6.2 applied by mistake to a database of 5.2, at 20 events/s, and taken back', 20),
  onPods('six', 'GlitchTip 6.2 (its double, where there is no registry) from empty: installed, and everything stopped, frozen, killed and rotated behind the gateway at 60 events/s', 45),
  onPods('six-faults', 'every fault of GlitchTip 6.2 that is found otherwise than that of 5.2, at default settings, reported within the promised time; events that come in beside them are stored once', 35),
  onPods('six-tiny', 'GlitchTip 6.2 as one process without Valkey: what the SDK sends is found again; its worker dies while web goes on, partitions are missing, it is killed again and again, Postgres is stopped, and events that come in beside that are stored once; everything is rotated at 60 events/s', 35),
  onPods('faults-inside', 'every fault of GlitchTip itself, at default settings, reported within the promised time', 45),
  onPods('faults-placement', 'pods that no node takes, or that it puts out: a full /tmp, too much written, a cordon, a taint, a claim without a volume, a volume of another node', 25),
  onPods('faults-around', 'every fault of what GlitchTip stands on, at default settings, reported within the promised time', 45),
  { name: 'sdks', what: 'the SDKs of five languages through the gateway: found by id, and what they do when it is full', minutes: 10, project: 'soak', files: ['test/soak/sdks.test.ts'], env: {}, workers: 1 },
  { name: 'rules', what: 'every alert rule in promtool: silent on a healthy day, and fired by its fault', minutes: 10, project: 'soak', files: ['test/soak/rules.test.ts'], env: {}, workers: 1 },
  { name: 'replay', what: 'rotations cut off at each write, in every way', minutes: 45, project: 'replay', files: [], env: { GLITCHKEEPER_SOAK: '1' }, workers: 2 },
];

/** Those named, in the table's order; all when none is. @throws Error for a name that is none */
export function chooseParts(names: readonly string[], parts: readonly SoakPart[] = SOAK_PARTS): SoakPart[] {
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) throw new Error(`expected parts among ${parts.map(({ name }) => name).join(', ')}, found ${unknown.join(', ')}`);
  return parts.filter(({ name }) => names.length === 0 || names.includes(name));
}
