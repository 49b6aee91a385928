import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyFacts } from '../src/config/key.ts';
import { SECTIONS, type Section } from '../src/config/sections/sections.ts';
import { variableOf } from '../src/config/sources/environment.ts';
import { markdownTable, withGeneratedPart } from './markdown.ts';

const FILE = join(import.meta.dirname, 'configuration.md');

const HEADING: Record<Section['form'], (name: string, element: string) => string> = {
  one: (name) => `### \`${name}\``,
  list: (name) => `### \`${name}[]\``,
  named: (name, element) => `### \`${name}.<${element}>\``,
};

/**
 * Returns the text of `configuration.md` with a reference that is generated from the schema; the prose around it is
 * kept. Throws when the file has lost its markers.
 */
export function generateConfigurationDoc(): string {
  const reference = Object.entries(SECTIONS).map(([name, section]) => sectionReference(name, section));
  return withGeneratedPart(readFileSync(FILE, 'utf8'), 'the schema', reference.join('\n\n'));
}

function sectionReference(name: string, { form, element = 'name', keys, meaning }: Section): string {
  const hasVariables = form === 'one';
  const columns = ['key', 'type', 'default', 'meaning', ...(hasVariables ? ['variable'] : [])];
  const rows = Object.entries(keys).map(([key, schema]) => {
    const facts = keyFacts.get(schema);
    if (!facts) throw new Error(`${name}.${key} has no facts`);
    const variable = variableOf([name, key]);
    const type = facts.secret ? `${facts.type}, secret` : facts.type;
    const meaning = facts.needsRestart ? `${facts.meaning} A change needs a restart.` : facts.meaning;
    const cells = [`\`${key}\``, type, defaultCell(facts), meaning];
    return hasVariables ? [...cells, variable ? `\`${variable}\`` : '—'] : cells;
  });
  return [HEADING[form](name, element), '', meaning, '', markdownTable(columns, rows)].join('\n');
}

function defaultCell(facts: {
  isRequired: boolean;
  default?: unknown;
  otherwise?: string | undefined;
}): string {
  if (facts.isRequired) return '**required**';
  if (facts.default === undefined) return facts.otherwise ?? '—';
  return `\`${typeof facts.default === 'string' ? facts.default : JSON.stringify(facts.default)}\``;
}
