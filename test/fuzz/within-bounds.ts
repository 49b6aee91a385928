/**
 * The longest text from outside in characters: some texts are never cut, such as the secrets that GitHub
 * makes.
 */
const LONGEST = 1_024;

/**
 * Every place of a value from outside that is beyond its range. The rest of the daemon relies on these
 * ranges: ids are safe and positive integers, ports can be connected to, instants are valid dates, texts are
 * short.
 */
export function beyondBounds(value: unknown, at = ''): string[] {
  if (typeof value === 'number') return isInRange(at, value) ? [] : [`${at} is ${value}`];
  if (typeof value === 'string')
    return value.length <= LONGEST ? [] : [`${at} has ${value.length} characters`];
  if (typeof value !== 'object' || value === null) return [];
  const isList = Array.isArray(value);
  const many =
    isList && at.endsWith('labels') && value.length > 100 ? [`${at} has ${value.length} entries`] : [];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    beyondBounds(one, isList ? at : `${at}.${key}`),
  );
  return [...many, ...inner];
}

function isInRange(at: string, value: number): boolean {
  if (!Number.isFinite(value) || value < 0 || value > Number.MAX_SAFE_INTEGER) return false;
  if (/\.(?:sshPort|port)$/.test(at)) return Number.isInteger(value) && value >= 1 && value <= 65_535;
  if (/\.(?:jobId|runId|runAttempt|runnerId|id)$/.test(at)) return Number.isInteger(value) && value > 0;
  if (/\.(?:at|expiresAt|createdAt|startedAt|queuedAt|seenAt)$/.test(at)) return value < 253_402_300_800_000;
  return true;
}
