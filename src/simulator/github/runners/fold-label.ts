/** Returns a label as it is compared: the case of ASCII letters does not count, that of others does. */
export function foldLabel(label: string): string {
  return label.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
