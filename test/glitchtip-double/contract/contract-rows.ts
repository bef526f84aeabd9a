/** The contract with GlitchTip as a table: in order, what is sent and what must come back. */
import type { Release } from '../../../operator/api/glitchtip-releases.js';
import { accountRows } from './account-rows.js';
import { ingestRows } from './ingest-rows.js';
import { objectRows } from './object-rows.js';
import { storedRows } from './stored-rows.js';
import type { ContractRow } from './contract-row.js';

const ROWS: readonly ContractRow[] = [...accountRows, ...objectRows, ...ingestRows, ...storedRows];

/** Of a release, without what its double cannot say. */
export function contractRows(release: Release): ContractRow[] {
  return ROWS.flatMap(({ otherwise, ...row }) => {
    const here = otherwise?.[release];
    return here === 'absent' ? [] : [{ ...row, ...here }];
  });
}
