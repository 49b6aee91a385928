/**
 * Returns a label as GitHub compares it: without regard to the case of ASCII letters only. `toLowerCase` also turns the
 * KELVIN SIGN into a "k", which GitHub does not.
 */
export function foldLabel(label: string): string {
  return label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
