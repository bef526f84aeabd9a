// Copies in a bucket of any S3 server. Single PUTs, at most 5 GiB each: nothing half-made stays behind, and the server itself checks every byte.
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fingerprint } from '../core/manifest.js';
import { BackupFailure } from '../core/report.js';
import { codeOf, isFull } from '../error-code.js';
import { judgeAnswer, parseListing } from '../core/s3-answers.js';
import type { CopyStore, StoredObject } from './copy-store.js';
import { fingerprintOf, writeFingerprinted } from './files.js';
import { exchange, type S3Place, type S3Request, type S3Response } from './s3-exchange.js';

/** Of one PUT. Bytes. */
const LARGEST = 5 * 1_024 ** 3;
/** Between tries, when the store does not answer or answers 5xx. Milliseconds. */
const PAUSES = [2_000, 10_000, 30_000];
/** The SHA-256 of the bytes, for whoever reads the object back. */
const HASH_HEADER = 'x-amz-meta-sha256';

interface Answered extends S3Response {
  readonly kind: 'done' | 'absent' | 'exists';
}

export class S3Store implements CopyStore {
  readonly where = 's3';

  constructor(private readonly place: S3Place, private readonly clock: { readonly now: () => Date; readonly pauses?: readonly number[] }) {}

  async list(): Promise<readonly StoredObject[]> {
    const { prefix } = this.place;
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const query = { 'encoding-type': 'url', 'list-type': '2', ...(prefix === '' ? {} : { prefix }), ...(token === undefined ? {} : { 'continuation-token': token }) };
      const answer = await this.#ask('list', { method: 'GET', key: '', query });
      if (answer.kind !== 'done') throw new BackupFailure('list', 'StoreRefused', `${answer.status}`);
      const page = parseListing(answer.body);
      found.push(...page.objects.filter(({ key }) => key.startsWith(prefix)).map(({ key, bytes }) => ({ key: key.slice(prefix.length), bytes })));
      token = page.token;
    } while (token !== undefined);
    return found;
  }

  /** The server refuses bytes of another hash. Its 200 alone proves nothing on servers that read few of the headers: so a HEAD, too. */
  async put(key: string, file: string, fingerprint: Fingerprint): Promise<void> {
    if (fingerprint.bytes > LARGEST) throw new BackupFailure('store', 'StoreRefused', `${key} has ${fingerprint.bytes} bytes, and one PUT takes at most ${LARGEST}`);
    const headers = { ...this.place.uploadHeaders, [HASH_HEADER]: fingerprint.sha256, 'If-None-Match': '*' };
    const head: S3Request = { method: 'HEAD', key };
    // A server that refuses what it has already may close before its answer is read: then the object itself is the answer.
    const isThere = async () => {
      const found = await this.#attempt('read-back', head);
      return typeof found !== 'string' && found.kind === 'done';
    };
    await this.#ask('store', { method: 'PUT', key, body: { file, fingerprint }, headers }, isThere);
    const found = await this.#ask('read-back', head);
    if (found.kind !== 'done') throw new BackupFailure('read-back', 'StoreRefused', `${key} was taken, and is not there`);
    const [bytes, hash] = [found.headers['content-length'], found.headers[HASH_HEADER] ?? fingerprint.sha256];
    if (bytes !== String(fingerprint.bytes) || hash !== fingerprint.sha256) {
      throw new BackupFailure('read-back', 'StoreRefused', `${key} has ${bytes ?? 'unknown'} bytes in the store, or another hash, and was sent with ${fingerprint.bytes}`);
    }
  }

  async read(key: string): Promise<string | undefined> {
    const answer = await this.#ask('read', { method: 'GET', key });
    return answer.kind === 'done' ? answer.body : undefined;
  }

  async fingerprint(key: string): Promise<Fingerprint | undefined> {
    return this.#take('read', key, fingerprintOf);
  }

  async fetch(key: string, file: string): Promise<Fingerprint | undefined> {
    return this.#take('fetch', key, async (body) => {
      try {
        return await writeFingerprinted(body, file);
      } catch (cause) {
        // Of this host's disk, and so no reason to ask the store again.
        if (isFull(cause)) throw new BackupFailure('fetch', 'NoSpace', `no room for ${key}`, { cause });
        throw cause;
      }
    });
  }

  async remove(key: string): Promise<void> {
    await this.#ask('retention', { method: 'DELETE', key });
  }

  /** The last try counts: one that was cut in the middle began anew. */
  async #take(step: string, key: string, take: (body: IncomingMessage) => Promise<Fingerprint>): Promise<Fingerprint | undefined> {
    let found: Fingerprint | undefined;
    const answer = await this.#ask(step, { method: 'GET', key, consume: async (body) => { found = await take(body); } });
    return answer.kind === 'done' ? found : undefined;
  }

  /** `isDone`: whether a request that got no answer did what it should. */
  async #ask(step: string, request: S3Request, isDone = () => Promise.resolve(false)): Promise<Answered> {
    const pauses = this.clock.pauses ?? PAUSES;
    for (let tried = 0; ; tried += 1) {
      const attempt = await this.#attempt(step, request);
      if (typeof attempt !== 'string') return attempt;
      if (await isDone()) return { kind: 'done', status: 200, body: '', headers: {} };
      const wait = pauses[tried];
      if (wait === undefined) throw new BackupFailure(step, 'StoreAway', `${attempt}, ${tried + 1} times`);
      await pause(wait);
    }
  }

  /** The answer, or why to try again. */
  async #attempt(step: string, request: S3Request): Promise<Answered | string> {
    let answer: S3Response;
    try {
      answer = await exchange(this.place, request, this.clock.now());
    } catch (error) {
      if (error instanceof BackupFailure) throw error;
      // The code alone: a message of Node's may quote an address with more in it than the host.
      return codeOf(error) ?? 'no answer';
    }
    const verdict = judgeAnswer(answer, this.clock.now());
    if (verdict.kind === 'later') return verdict.detail;
    if (verdict.kind === 'refused') throw new BackupFailure(step, verdict.reason, verdict.detail);
    return { ...answer, kind: verdict.kind };
  }
}
