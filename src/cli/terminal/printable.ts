/**
 * Text from GitHub or an agent as a terminal may show it: whoever names a job must not be able to move the cursor
 * or retitle the window of the person who looks at it.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}');
}
