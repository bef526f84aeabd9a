// Kubernetes quantities: "300Mi", "250m", "2". The one parser; charts/quantity.ts adds what settings may not say.

/** Suffixes of apimachinery's resource.Quantity. */
const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

/** Whole ones: the API server writes "0.3Gi" as "322122547200m", and what the status says of bytes are integers. */
export function parseBytes(text: string): number | undefined {
  const amount = parseQuantity(text);
  return amount === undefined ? undefined : Math.round(amount);
}

/** Undefined for a text that is none. Bytes, cores or a count: what the quantity is of. */
export function parseQuantity(text: string): number | undefined {
  const [, whole, fraction = '', unit = ''] = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (whole === undefined || factor === undefined) return undefined;
  // In whole numbers to the last step: 8.2 * 1e9 is not 8.2e9.
  return (Number(whole + fraction) * factor) / 10 ** fraction.length;
}
