/**
 * Makes transactions of streamed spans (span protocol v2, https://develop.sentry.dev/sdk/telemetry/spans/span-protocol/). A root span
 * (`is_segment`) is a transaction by itself: name, operation, times and request are its own, and GlitchTip 5.2 keeps nothing of the spans
 * below it (docs/decisions/0005-spans.md).
 */
import * as z from 'zod/mini';

type Json = Readonly<Record<string, unknown>>;

/** Of one envelope: SDKs put no more spans into one, and a transaction has about 500 letters of JSON. */
const MOST = { roots: 1_000, letters: 2 ** 20 };
/** What GlitchTip's columns hold: a longer operation or release costs it the whole batch that it is in. Characters. */
const LONGEST = { text: 255, description: 500, name: 1_024, url: 2_048 };

const spanSchema = z.object({
  trace_id: z.string().check(z.regex(/^[0-9a-f]{32}$/i)),
  span_id: z.string().check(z.regex(/^[0-9a-f]{16}$/i)),
  /** Seconds of Unix time. */
  start_timestamp: z.number(),
  end_timestamp: z.nullish(z.number()),
  name: z.optional(z.unknown()),
  status: z.optional(z.unknown()),
  attributes: z.nullish(z.record(z.string(), z.unknown())),
});
type Span = z.output<typeof spanSchema>;

export interface MadeOfSpans {
  /** What SDKs would have sent without streaming, as far as GlitchTip keeps it. */
  readonly transactions: readonly Json[];
  /** Spans below a root that are left out: the release keeps none or fewer, or the root is in another envelope. */
  readonly children: number;
  /** Spans that could not be read, and roots of which there were too many. */
  readonly others: number;
}

/** Gathers the spans of one envelope, in any order. */
export class SpanTransactions {
  readonly #roots: { readonly key: string; readonly transaction: Json }[] = [];
  readonly #below = new Map<string, Json[]>();
  #letters = 0;
  #kept = 0;
  #children = 0;
  #others = 0;

  /** @param mostBelow spans below the roots that are kept at most */
  constructor(private readonly project: number, private readonly mostBelow: number) {}

  /** @param json undefined: it is none, or too long */
  add(json: Json | undefined): void {
    if (!json) this.#others += 1;
    else if (json['is_segment'] === true) this.#addRoot(spanSchema.safeParse(json).data);
    else this.#addChild(this.#kept < this.mostBelow ? spanSchema.safeParse(json).data : undefined);
  }

  finish(): MadeOfSpans {
    const transactions = this.#roots.map(({ key, transaction }) => {
      const spans = this.#below.get(key);
      this.#below.delete(key);
      return spans ? { ...transaction, spans } : transaction;
    });
    const rootless = [...this.#below.values()].reduce((sum, { length }) => sum + length, 0);
    return { transactions, children: this.#children + rootless, others: this.#others };
  }

  #addRoot(root: Span | undefined): void {
    if (!root || this.#roots.length >= MOST.roots || this.#letters >= MOST.letters) {
      this.#others += 1;
      return;
    }
    const transaction = transactionOf(root, this.project);
    this.#letters += JSON.stringify(transaction).length;
    this.#roots.push({ key: keyOf(root, root.span_id), transaction });
  }

  #addChild(child: Span | undefined): void {
    const root = child && attribute(child, 'sentry.segment.id');
    if (!child || root === undefined) {
      this.#children += 1;
      return;
    }
    const key = keyOf(child, root);
    const siblings = this.#below.get(key);
    if (siblings) siblings.push(childOf(child));
    else this.#below.set(key, [childOf(child)]);
    this.#kept += 1;
  }
}

function keyOf({ trace_id: trace }: Span, root: string): string {
  return `${trace}/${root}`.toLowerCase();
}

/** The same for the same span, so that a request that is sent twice is stored once; another in another project. 32 hexadecimal digits. */
function eventId({ trace_id: trace, span_id: span }: Span, project: number): string {
  return (BigInt(`0x${trace}`) ^ BigInt(`0x${span}${span}`) ^ BigInt(project)).toString(16).padStart(32, '0');
}

function transactionOf(root: Span, project: number): Json {
  const { trace_id: trace, span_id: span, start_timestamp: start, end_timestamp: end } = root;
  const [sdk, version] = [attribute(root, 'sentry.sdk.name'), attribute(root, 'sentry.sdk.version')];
  return {
    event_id: eventId(root, project), type: 'transaction',
    // An SDK that learns a route late corrects this attribute, and not the name of a span that has ended.
    transaction: attribute(root, 'sentry.segment.name', LONGEST.name) ?? (text(root.name, LONGEST.name) || '<unlabeled transaction>'),
    start_timestamp: start, timestamp: end ?? start,
    platform: attribute(root, 'sentry.platform') ?? platformOf(sdk),
    release: attribute(root, 'sentry.release'), environment: attribute(root, 'sentry.environment'),
    ...(sdk === undefined ? {} : { sdk: { name: sdk, version: version ?? null } }),
    contexts: { trace: { trace_id: trace.toLowerCase(), span_id: span.toLowerCase(), op: attribute(root, 'sentry.op'), status: statusOf(root) } },
    request: requestOf(root),
  };
}

/** What GlitchTip 6 keeps of a span. */
function childOf(child: Span): Json {
  const { span_id: span, start_timestamp: start, end_timestamp: end } = child;
  return { span_id: span, op: attribute(child, 'sentry.op') ?? '', description: text(child.name, LONGEST.description), start_timestamp: start, timestamp: end ?? start };
}

function requestOf(root: Span): Json | undefined {
  const [method, url] = [attribute(root, 'http.request.method'), attribute(root, 'url.full', LONGEST.url)];
  return method === undefined && url === undefined ? undefined : { method, url };
}

/** Streamed spans know but two; the other words are in an attribute. */
function statusOf(root: Span): string {
  return root.status === 'error' ? attribute(root, 'sentry.status.message') ?? 'internal_error' : 'ok';
}

/** "sentry.javascript.node" is node, "sentry.python.django" python. */
function platformOf(sdk: string | undefined): string {
  const [, language = 'other', runtime] = sdk?.split('.') ?? [];
  return runtime === 'node' ? runtime : language;
}

/** Undefined for one that is not there, is empty or is no text. */
function attribute({ attributes }: Span, name: string, longest = LONGEST.text): string | undefined {
  const found = attributes?.[name] as { readonly value?: unknown } | null | undefined;
  return text(found?.value, longest) || undefined;
}

/** As Postgres can hold it: without NUL and halves of letters, and not longer. */
function text(value: unknown, longest: number): string {
  return typeof value === 'string' ? Buffer.from(value.replaceAll('\0', '').slice(0, longest)).toString() : '';
}
