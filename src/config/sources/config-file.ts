import { readFileSync } from 'node:fs';
import { type Document, isSeq, isMap as isYamlMap, LineCounter, parseDocument, visit } from 'yaml';
import { ConfigError } from '../config-error.ts';
import { isMap, type KeyPath, SECTIONS } from '../sections/sections.ts';

export interface ConfigFileContent {
  /** The content as written, except that keys without a value (`null`) count as left out. */
  content: Record<string, unknown>;
  /**
   * The line of a key. For a key that is not in the file: the line of the nearest section or list around it,
   * or 0.
   */
  lineOf(path: KeyPath): number;
}

/** Sentences by the parser's code. The parser's own messages may quote the file, and so a secret. */
const SYNTAX: Record<string, string> = {
  TAB_AS_INDENT: 'is indented with a tab, which YAML refuses: use spaces.',
  MULTIPLE_DOCS: 'begins a second YAML document, but a configuration is one document: remove the line "---".',
  BAD_INDENT: 'is indented differently from the lines around it: align it with them.',
  MISSING_CHAR: 'lacks a quote, a comma or a bracket, here or just before: add it.',
  TAG_RESOLVE_FAILED: 'has a value that begins with "!": put it in quotes.',
  NO_ANCHOR: 'has a value that begins with "*": put it in quotes.',
  UNEXPECTED_TOKEN:
    'has a character with a special meaning in YAML here, such as { or [: put the value in quotes.',
  BLOCK_AS_IMPLICIT_KEY:
    'holds two keys in one line, or is indented too far: write one key a line, and align it.',
};

/**
 * After an unexpected character the parser reports many more errors that are only consequences of the first;
 * they are dropped.
 */
function withoutConsequences<One extends { code: string; pos: readonly [number, ...number[]] }>(
  errors: One[],
): One[] {
  const lost = errors
    .filter(({ code }) => code === 'UNEXPECTED_TOKEN')
    .reduce((first, { pos }) => Math.min(first, pos[0]), Number.POSITIVE_INFINITY);
  const told = errors.filter(({ pos }) => pos[0] < lost);
  const first = errors.find(({ code, pos }) => code === 'UNEXPECTED_TOKEN' && pos[0] === lost);
  return first ? [...told, first] : told;
}

const NOT_READABLE: Record<string, string> = {
  ENOENT: 'there is no such file: let "jeballto-runner init" write it, or name another file with --config.',
  EACCES: 'this user may not read the file: change its owner or its mode.',
  EISDIR: 'is a folder: name the file in it.',
};

/** Reads a JSON or YAML file. Throws a ConfigError with every error of its syntax, each with its line. */
export function readConfigFile(path: string): ConfigFileContent {
  const text = readText(path).replace(/^\uFEFF/, '');
  refuseToml(text, path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  if (path.endsWith('.json')) refuseInvalidJson(text, path, lines);
  const errors = withoutConsequences([
    ...document.errors,
    ...document.warnings,
    ...danglingAliases(document),
  ]);
  if (errors.length > 0) {
    throw new ConfigError(
      errors.map(({ code, pos }) => ({
        at: `${path}:${lines.linePos(pos[0]).line}`,
        path: '',
        message:
          code === 'DUPLICATE_KEY'
            ? `holds ${keyAt(text, pos[0])} twice: keep one of the two.`
            : (SYNTAX[code] ?? `is not valid YAML (${code}): correct it here or just before.`),
      })),
    );
  }
  const content = (document.toJS() ?? {}) as unknown;
  if (!isMap(content)) {
    const message = `contains no keys: write ${Object.keys(SECTIONS).slice(0, 2).join(', ')} and so on, each with its own keys (config.example.json shows how).`;
    throw new ConfigError([{ at: path, path: '', message }]);
  }
  return {
    content: withoutNulls(content),
    lineOf(key) {
      const offset = offsetOf(document, key);
      return offset === null ? 0 : lines.linePos(offset).line;
    },
  };
}

/**
 * The key that begins at the offset. The parser only gives the place, and the text after it may be a secret.
 */
function keyAt(text: string, offset: number): string {
  const [, quoted, plain] = /^(?:(["'][^"'\n]*["'])|([\w.-]+))/.exec(text.slice(offset)) ?? [];
  return `the key ${quoted?.slice(1, -1) ?? plain ?? ''}`.trim();
}

/** A TOML file would be read as YAML: as one long text, with its sections as lists. */
function refuseToml(text: string, path: string): void {
  if (
    !/\.toml$/i.test(path) &&
    !(/^\s*\[{1,2}[\w."-]+\]{1,2}\s*$/m.test(text) && /^\s*[\w.-]+\s*=/m.test(text))
  )
    return;
  const message = 'is TOML: write the configuration as JSON or YAML (config.example.json shows how).';
  throw new ConfigError([{ at: path, path: '', message }]);
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (/^(?:fffe|feff)/.test(bytes.subarray(0, 2).toString('hex')) || bytes.subarray(0, 64).includes(0)) {
      const message = 'is not UTF-8 text (it is UTF-16, or not a text): save it as UTF-8.';
      throw new ConfigError([{ at: path, path: '', message }]);
    }
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const message =
      NOT_READABLE[code] ?? `cannot be read (${code}): check the path, the owner and the mode of the file.`;
    throw new ConfigError([{ at: path, path: '', message }]);
  }
}

/**
 * JSON with a missing comma may be valid YAML with another meaning; the error would then be reported at
 * another place.
 */
function refuseInvalidJson(text: string, path: string, lines: LineCounter): void {
  try {
    JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (error) {
    const offset = /at position (\d+)/.exec(String(error))?.[1];
    const message =
      'is not valid JSON, here or just before: look for a missing or extra comma, quote or bracket, and for a comment, which JSON does not allow.';
    const at = offset ? `${path}:${lines.linePos(Number(offset)).line}` : path;
    throw new ConfigError([{ at, path: '', message }]);
  }
}

/** References to a missing anchor. The parser reports them only later, in a message that quotes the file. */
function danglingAliases(document: Document): { code: string; pos: [number] }[] {
  const found: { code: string; pos: [number] }[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (!alias.resolve(document)) found.push({ code: 'NO_ANCHOR', pos: [alias.range?.[0] ?? 0] });
    },
  });
  return found;
}

/** Removes keys whose value is `null`: an operator may list every key and give some of them no value. */
function withoutNulls(content: Record<string, unknown>): Record<string, unknown> {
  const isLeftOut = ([, value]: [string, unknown]) => value === null;
  const drop = (holder: unknown) =>
    isMap(holder) ? Object.fromEntries(Object.entries(holder).filter((entry) => !isLeftOut(entry))) : holder;
  const sections = Object.entries(content).filter((entry) => !isLeftOut(entry));
  return Object.fromEntries(
    sections.map(([name, section]) => {
      const form = Object.hasOwn(SECTIONS, name) ? SECTIONS[name]?.form : undefined;
      if (form === 'list' && Array.isArray(section)) return [name, section.map(drop)];
      if (form === 'named' && isMap(section)) {
        const items = Object.entries(section).map(([key, item]) => [key, drop(item ?? {})]);
        return [name, Object.fromEntries(items)];
      }
      return [name, drop(section)];
    }),
  );
}

/**
 * Where a key begins in the text; for a missing key, the beginning of the section or item that should contain
 * it.
 */
function offsetOf(document: Document, path: KeyPath): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const part of path) {
    if (isYamlMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(part));
      if (!pair) return offset;
      offset = (pair.key as { range?: [number] } | null)?.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = (node as { range?: [number] } | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
