// What the control port answers, and where it is found. Instants are RFC 3339 in UTC. Whoever reads it takes fields for granted only as far as it needs them.
import type { Leader } from '../core/move-order.js';

/** Service, Secret and the key in it. */
export const CONTROL_SERVICE = 'gateway-control';
export const CONTROL_PORT = 9465;
export const CONTROL_SECRET = 'glitchtip-gateway';
export const CONTROL_TOKEN = 'control-token';

/** On each answer: the name of the gateway that gave it. */
export const GATEWAY_HEADER = 'x-glitchkeeper-gateway';

/** GET /status. Figures of records are of the gateway that answers: while two share a volume, each has its own. */
export interface GatewayStatus {
  /** Its name: its pod's. */
  readonly gateway: string;
  readonly startedAt: string;
  /** Other gateways on the volume, which live or left something: what they hold is not counted here. */
  readonly others: readonly string[];
  readonly spool: {
    /** Bytes that GlitchTip has not stored yet; during a move, that the one that leads does not have. What is kept is not among them. */
    readonly liveBytes: number;
    /** Bytes at most; beyond it events are answered 429. */
    readonly limitBytes: number;
    /** Since the oldest of them was received. Seconds; absent when there is none. */
    readonly oldestSeconds?: number;
    /** Since the oldest was received that was not given to GlitchTip yet. Seconds; absent when all was. */
    readonly waitingSeconds?: number;
  };
  /** Records: requests of SDKs, with one event or several each. */
  readonly records: {
    /** Nowhere but here. */
    readonly waiting: number;
    /** Given to GlitchTip a moment ago. */
    readonly underWay: number;
    /** Given to GlitchTip, and not seen in Postgres in time. */
    readonly limbo: number;
    /** Of those under way and in limbo, the largest: its bytes, unpacked. Absent when there is none. */
    readonly largestBytes?: number;
    /** How often one was given to GlitchTip once more since the gateway started, for Postgres did not have it. */
    readonly resent: number;
  };
  readonly window: {
    /** Bytes that may be under way at once; 0 while it is closed. */
    readonly allowedBytes: number;
    /** Why nothing is given; absent while it is open. */
    readonly closed?: string;
  };
  /** Whether this gateway is the one that gives to GlitchTip. False while it is held, too. */
  readonly delivers: boolean;
  /** Records that a person has to look at, of the whole volume. */
  readonly setAside: number;
  /** The oldest of them that went since it started, for there was no more room. */
  readonly setAsideDropped: number;
  /** Places of the spool that could not be read since it started; what lay there is among what was set aside, as it is. */
  readonly damaged: number;
  /** Requests that were refused since it started, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Items since it started that GlitchTip does not keep, and that were left out. */
  readonly ignored: readonly IgnoredItems[];
  /** Absent where no events come by plain http. */
  readonly plain?: PlainEvents;
  /** Absent while every proxy that says https is believed. */
  readonly disbelieved?: DisbelievedProxy;
  /** Absent while nothing is held. */
  readonly hold?: HoldStatus;
  /** Absent while nothing is kept. */
  readonly keep?: KeepStatus;
  /** When GlitchTip's worker was started last, as the operator told; absent until it does. */
  readonly workerStartedAt?: string;
  /** Absent while there is none. */
  readonly move?: MoveStatus;
}

/** Events that come by plain http through a proxy: taken until then, and led to https afterwards. */
export interface PlainEvents {
  readonly until: string;
  /** Those from which some came since the gateway started. */
  readonly projects: readonly PlainProject[];
}

export interface PlainProject {
  readonly project: number;
  /** Requests since the gateway started. */
  readonly requests: number;
  /** Of these, those that came too late: led to https, which few SDKs follow. */
  readonly refused: number;
  readonly lastAt: string;
}

/** Requests since it started of proxies that said https and are in none of the networks that the settings name. */
export interface DisbelievedProxy {
  /** Of the last one. */
  readonly address: string;
  readonly requests: number;
}

export interface IgnoredItems {
  readonly project: number;
  readonly type: string;
  readonly items: number;
}

/**
 * Records that GlitchTip has stored, kept for the case that another database is live later (PUT /hold with "keep": true, until DELETE /keep).
 * Whenever a hold ends meanwhile, all of them are looked for in the database that is live then, and given again where they are missing.
 */
export interface KeepStatus {
  readonly since: string;
  readonly why: string;
  readonly records: number;
  readonly bytes: number;
  /** Of the records, those that are still to be looked for in the database that is live now. */
  readonly unchecked: number;
  /** The oldest of them that went since then, or since the gateway started, for events that came needed their room. */
  readonly dropped: number;
}

/** PUT /hold answers this, too. */
export interface HoldStatus {
  readonly since: string;
  readonly why: string;
}

/** The move from an old Sentry (PUT /move answers { "move": this }). Figures are of the gateway that answers, since it started. */
export interface MoveStatus {
  /** What people look at: it is never dropped anything. */
  readonly leads: Leader;
  /** When the move began. */
  readonly since: string;
  /** Of the spool, what only the one that follows waits for may take. Percent. */
  readonly share: number;
  /** How many: GET /move has them. */
  readonly pairs: number;
  /** What the old one was not given yet. */
  readonly waiting: {
    /** Requests of SDKs. */
    readonly records: number;
    readonly bytes: number;
    /** When the oldest of them was received; absent when there is none. */
    readonly oldest?: string;
  };
  /** Requests that the old one took. */
  readonly sent: number;
  /** Requests that it refused, and that are not given to it any more, by the status that it answered. */
  readonly refused: Readonly<Record<string, number>>;
  /** When it refused one last; absent while it refused none. */
  readonly refusedAt?: string;
  /** Requests that the one that follows is not given, whichever it is: it fell behind by more than its share. */
  readonly dropped: number;
  /** Why nothing is given to the old one now; absent while it takes what it is given. */
  readonly closed?: { readonly why: string; /** When it is tried again. */ readonly until: string };
  /** When the first request was taken under the present leader; absent until then. */
  readonly ledAt?: string;
}

/** GET /move; PUT /move takes it, but for `move`. */
export interface MoveAnswer {
  readonly move: MoveStatus;
  readonly share: number;
  readonly pairs: readonly { readonly project: number; readonly key: string; readonly old: string }[];
}

/** GET /move/compare?from=&to=: what each side has, of all gateways of the volume; others' figures may be 5 s old. */
export interface MoveComparison {
  /** By project and hour, in the order of the hours. */
  readonly hours: readonly ComparedProject[];
  /** Events that a side will never have, of these hours; what still waits is not among them. */
  readonly lacked: readonly LackedLine[];
  /** How many more there are that are not named. */
  readonly notNamed: number;
}

/** Events, unless it says something else. */
export interface ComparedProject {
  /** GlitchTip's. */
  readonly project: number;
  /** When the hour began in which they came. */
  readonly hour: string;
  readonly taken: number;
  /** A row in GlitchTip's Postgres was seen. */
  readonly stored: number;
  /** The old one answered 2xx. */
  readonly sent: number;
  /** What a side will never have. */
  readonly lacks: { readonly glitchtip: number; readonly old: number };
  /** Neither had nor given up. */
  readonly waiting: { readonly glitchtip: number; readonly old: number };
  /** Requests that only the old one is given: GlitchTip keeps nothing of them, or refuses them. */
  readonly onlyOld: number;
  /** Requests of which the old one is not given everything, for it could not be held. */
  readonly cut: number;
  /** Present: a gateway was killed in this hour, and the figures may lack its last seconds. */
  readonly mayLack?: true;
}

export interface LackedLine {
  readonly project: number;
  readonly hour: string;
  /** 32 hexadecimal digits. */
  readonly event: string;
  /** Who lacks it. */
  readonly side: 'glitchtip' | 'old';
  readonly why: string;
}

export const RECORD_STATES = ['set-aside', 'waiting', 'under-way', 'limbo', 'kept'] as const;
export type RecordState = (typeof RECORD_STATES)[number];

/** A line of GET /records, and what resend and DELETE answer. */
export interface RecordLine {
  readonly id: string;
  readonly state: RecordState;
  /** Why it was set aside. */
  readonly why?: string;
  /** When it was set aside. */
  readonly setAsideAt?: string;
  /** Absent, like all that follows, when the file of one that was set aside is damaged. */
  readonly project?: number;
  /** Endpoint that took it: envelope, store, security, minidump. */
  readonly kind?: string;
  readonly receivedAt?: string;
  /** Of the body, unpacked. Bytes. */
  readonly size?: number;
  /** How often it was given to GlitchTip. */
  readonly attempts?: number;
  /** 32 hexadecimal digits each. */
  readonly events?: readonly string[];
}

/** First line of GET /records/ID; behind it comes the body, unpacked. */
export interface RecordHead extends RecordLine {
  /** Public key of the DSN. */
  readonly key: string;
  /** Headers of the request, as far as they are kept. */
  readonly client?: string;
  readonly contentType?: string;
  readonly userAgent?: string;
}

/** Every status of 400 and more. */
export interface ControlRefusal {
  readonly detail: string;
}
