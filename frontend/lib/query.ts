/** What stands behind the question mark of a page's address. */
export type Query = Promise<Record<string, string | string[] | undefined>>;

/** Return a value, the first of several. */
export function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
