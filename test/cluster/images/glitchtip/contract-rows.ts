/** The contract with GlitchTip 5.2 as a table: in order, what is sent and what must come back. */
import { accountRows } from './contract-rows-account.js';
import { ingestRows } from './contract-rows-ingest.js';
import { objectRows } from './contract-rows-objects.js';
import { storedRows } from './contract-rows-stored.js';
import type { ContractRow } from './contract-row.js';

export const contractRows: readonly ContractRow[] = [...accountRows, ...objectRows, ...ingestRows, ...storedRows];
