// Places of the spool that cannot be read: what lies there is set aside for a person as it is, before its segment goes.
import { messageOf } from '../../operator/core/error-message.js';
import type { Damage } from '../spool/spool.js';
import type { SetAside } from './set-aside.js';

export interface DamagedPlacesPorts {
  readonly setAside: Pick<SetAside, 'addUnreadable'>;
  readonly count: () => void;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** More than a record has; of a place that is larger the beginning is set aside. Bytes. */
const MOST = 8 * 2 ** 20;

export class DamagedPlaces {
  #count = 0;

  constructor(private readonly ports: DamagedPlacesPorts) {}

  /** Since the gateway started. One that lies in a segment with others is found again at each start, until those are stored. */
  get count(): number {
    return this.#count;
  }

  /** Never throws: a place that cannot be kept either holds up no other. */
  add({ content, ...where }: Damage): void {
    this.#count += 1;
    this.ports.count();
    this.ports.log('a part of the spool cannot be read, and is set aside', where);
    try {
      this.ports.setAside.addUnreadable(content(MOST), `${where.bytes} bytes of the spool that cannot be read: the disk, or what wrote to it, is damaged`);
    } catch (error) {
      this.ports.log('a part of the spool that cannot be read could not be set aside', { ...where, error: messageOf(error) });
    }
  }
}
