/** The contract with GlitchTip 5.2 as a table: in order, what is sent and what must come back. */
import { accountRows } from './account-rows.js';
import { ingestRows } from './ingest-rows.js';
import { objectRows } from './object-rows.js';
import { storedRows } from './stored-rows.js';
import type { ContractRow } from './contract-row.js';

export const contractRows: readonly ContractRow[] = [...accountRows, ...objectRows, ...ingestRows, ...storedRows];
