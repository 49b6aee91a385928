/** JSON in which a bigint is a number with all of its digits. */
export function exactJson(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    // Few responses have a bigint, and checking each value costs more than everything else.
    const marked = JSON.stringify(body, (_key, value) => (typeof value === 'bigint' ? `\0${value}` : value));
    return marked.replace(/"\\u0000(\d+)"/g, '$1');
  }
}
