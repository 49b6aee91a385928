/** Numbers as keys: padded to the digits of the largest safe integer, so that their order as text is their order. */
export function numberKey(number: number): string {
  return String(number).padStart(16, '0');
}
