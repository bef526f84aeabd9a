// How ids and keys may be spelled: GlitchTip is stricter with the one than with the other.
import { expect, it } from '@jest/globals';
import { eventId, looseUuid } from '../../../../gateway/core/uuid.js';

const ID = '0123456789abcdef0123456789abcdef';
const HYPHENATED = '01234567-89ab-cdef-0123-456789abcdef';

it.each<[string, isEventId: boolean, isKey: boolean]>([
  [ID, true, true], [ID.toUpperCase(), true, true], [HYPHENATED, true, true], [`{${HYPHENATED}}`, true, true], [`urn:uuid:${HYPHENATED}`, true, true],
  [`{${ID}}`, false, true], [`urn:uuid:${ID}`, false, true], ['012-3456789abcdef0123456789abc-def', false, true], ['01234567-89abcdef-0123-456789abcdef', false, true], [`{{${HYPHENATED}`, false, true], [`${HYPHENATED}}`, false, true], [`uuid:${ID}`, false, true],
  [`URN:UUID:${HYPHENATED}`, false, false], [`"${ID}"`, false, false], [` ${ID}`, false, false], [`${ID} `, false, false], [ID.slice(1), false, false], [`${ID}0`, false, false], [`${ID.slice(1)}g`, false, false], ['mine', false, false], ['', false, false],
])('%j is an id of an event: %j; a key: %j', (text, isEventId, isKey) => {
  expect([eventId(text), looseUuid(text)]).toEqual([isEventId ? ID : undefined, isKey ? ID : undefined]);
});

it.each<unknown>([5, true, null, undefined, [], {}])('%j is neither', (value) => expect([eventId(value), looseUuid(value)]).toEqual([undefined, undefined]));
