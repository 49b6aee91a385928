import { distance } from 'fastest-levenshtein';
import { foldLabel } from '../../config/fold-label.ts';
import { codeOf, quoted } from '../../format.js';

/** Characters that replace a hyphen in text copied from a document. */
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g;
/** Letters of other alphabets that look like Latin ones, in the order of LATIN. */
const ALIKE = 'аеорсухіјѕкмтԁԛѡοανικρυАВЕКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ';
const LATIN = 'aeopcyxijskmtdqwoavikpuABEKMHOPCTXABEZHIKMNOPTYX';

/** Labels as in `runs-on`, each in quotes: a label may contain a comma or a line break. */
export function quotedLabels(labels: readonly string[]): string {
  return `[${labels.map(quoted).join(', ')}]`;
}

/**
 * Returns what is wrong with the labels of a job that no profile matches, in sentences; empty when they are just not
 * meant for this daemon.
 */
export function whyNoLabel(
  runsOn: readonly string[],
  profiles: readonly string[],
  runnerLabels: readonly string[],
) {
  const known = [...profiles, ...runnerLabels];
  return runsOn.flatMap((label) => {
    if (known.some((one) => foldLabel(one) === foldLabel(label))) return [];
    const trouble = troubleWith(label, known);
    return trouble === null ? [] : [`${quoted(label)} ${trouble}.`];
  });
}

function troubleWith(label: string, known: readonly string[]): string | null {
  if (label.trim() !== label) {
    const fix = label.includes('\n') ? ' ("runs-on: >" adds a line break, "runs-on: >-" does not)' : '';
    return `has white space at its start or end: remove it in the workflow${fix}`;
  }
  const parts = label.split(',').map((part) => part.trim());
  if (parts.length > 1) return `is one label with a comma in it: write runs-on: [${parts.join(', ')}]`;
  const plain = foldLabel(latin(label));
  const alike = known.find((one) => foldLabel(one) === plain);
  if (alike !== undefined) {
    const odd = [...label].find((one) => !alike.toLowerCase().includes(one.toLowerCase()));
    return `looks like ${quoted(alike)}${odd ? `, but has ${codeOf(odd)} in it` : ''}`;
  }
  const near = known.find(
    (one) => distance(foldLabel(one), plain) <= Math.max(1, Math.floor(one.length / 5)),
  );
  return near === undefined ? null : `is not ${quoted(near)}, but near it`;
}

/** The text with look-alike characters replaced by Latin letters and plain hyphens. */
function latin(text: string): string {
  return [
    ...text
      .normalize('NFKC')
      .replace(DASHES, '-')
      .replace(/\p{Cf}/gu, ''),
  ]
    .map((one) => LATIN[ALIKE.indexOf(one)] ?? one)
    .join('');
}
