/**
 * A label as GitHub compares it: without regard to the case of ASCII letters only. `toLowerCase` also makes a "k" of the
 * KELVIN SIGN, which GitHub does not.
 */
export function foldLabel(label: string): string {
  return label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
