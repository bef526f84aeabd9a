/** Fields that may be absent. */
type OptionalKey<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** The same less these fields. */
export function without<T extends object>(whole: T, ...names: readonly OptionalKey<T>[]): T {
  const left = new Set<PropertyKey>(names);
  return Object.fromEntries(Object.entries(whole).filter(([name]) => !left.has(name))) as T;
}
