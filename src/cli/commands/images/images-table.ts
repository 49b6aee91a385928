import { day, shortDigest } from '../../../format.js';
import type { Answers } from '../../../http/admin/api/api-routes.ts';
import { printable, textTable } from '../../terminal/terminal-text.ts';

export type SeenImage = Answers['/api/images']['images'][number];

const HEAD = ['LABEL', 'DIGEST', 'USE', 'HOSTS', 'RUNNER', 'UNTIL', 'WORKED', 'FAILED'];

const USES: Record<SeenImage['versions'][number]['role'], string> = {
  current: 'in use',
  trial: 'on trial',
  previous: 'previous',
  refused: 'refused',
  onHosts: 'at once',
};

/** The images as aligned columns for a person, and a sentence for each label. */
export function imagesTable(images: readonly SeenImage[]): string[] {
  const rows = images.flatMap(({ profile, versions }) =>
    versions.map(({ digest, role, hosts, runner, runnerEndsAt, served, failed }) => [
      printable(profile),
      digest === null ? '-' : printable(shortDigest(digest)),
      USES[role],
      hosts.length === 0 ? '-' : hosts.map(printable).join(', '),
      runner === null ? '-' : printable(runner),
      runnerEndsAt === null ? '-' : day(runnerEndsAt),
      served === null ? '-' : String(served),
      failed === null ? '-' : String(failed),
    ]),
  );
  // Labels of one image mostly have the same to say.
  const bySentence = new Map<string, string[]>();
  for (const { profile, sentence } of images)
    bySentence.set(sentence, [...(bySentence.get(sentence) ?? []), printable(profile)]);
  const sentences = [...bySentence].map(
    ([sentence, profiles]) => `${profiles.join(', ')}: ${printable(sentence)}`,
  );
  return [...textTable([HEAD, ...rows]), '', ...sentences];
}
