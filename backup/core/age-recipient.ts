// Whether a text is a recipient that backups can be encrypted for: age's own X25519 public key, and its check digits are right.

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const PREFIX = 'age';
/** Of bech32 (BIP 173). */
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** What is wrong with it, after "expected a recipient of age (age1..., made by age-keygen)"; undefined: nothing. */
export function faultOfRecipient(text: string): string | undefined {
  if (/^ssh-/.test(text)) return 'found an SSH key, which the library that encrypts here does not know: make a key of its own with age-keygen';
  if (/^AGE-SECRET-KEY-/i.test(text)) return 'found an identity, the secret key itself: it must never be in the cluster; age-keygen -y gives its recipient';
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return `found ${text === '' ? 'nothing' : `"${text.slice(0, 16)}"`}`;
  return hasRightCheckDigits(text) ? undefined : 'found one with a wrong character: its check digits do not match';
}

function hasRightCheckDigits(text: string): boolean {
  const prefix = Array.from(PREFIX, (character) => character.charCodeAt(0));
  const data = Array.from(text.slice(PREFIX.length + 1), (character) => ALPHABET.indexOf(character));
  const values = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...data];
  return values.reduce((sum, value) => {
    const top = sum >> 25;
    return GENERATOR.reduce((next, generator, bit) => ((top >> bit) & 1 ? next ^ generator : next), ((sum & 0x1ffffff) << 5) ^ value);
  }, 1) === 1;
}
