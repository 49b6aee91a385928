/**
 * Returns the instant (epoch ms) at which a clock here next shows a time such as `18:00`; null when the text is not
 * one.
 */
export function nextTimeOfDay(text: string, now: number): number | null {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour === undefined) return null;
  const at = new Date(now);
  at.setHours(Number(hour), Number(minute), 0, 0);
  if (at.getTime() <= now) at.setDate(at.getDate() + 1);
  return at.getTime();
}
