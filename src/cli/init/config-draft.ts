import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Document, parseDocument } from 'yaml';
import { readConfigFile } from '../../config/sources/config-file.ts';

/**
 * A config that is being written. Keys of an existing file that are not asked about stay, and so do YAML
 * comments.
 */
export class ConfigDraft {
  readonly path: string;
  /** False for a file that does not exist yet. */
  readonly isThere: boolean;
  readonly #document: Document;

  /** Throws a ConfigError for a file that cannot be read as a config. */
  constructor(path: string) {
    this.path = path;
    this.isThere = existsSync(path);
    if (this.isThere) readConfigFile(path);
    this.#document = this.isThere
      ? (parseDocument(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')) as Document)
      : new Document({});
  }

  /** The text of a key, such as `github.owner`; undefined when it is missing or is not a text. */
  text(key: string | readonly string[]): string | undefined {
    const value: unknown = this.#document.getIn(typeof key === 'string' ? key.split('.') : key);
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
  }

  has(key: string): boolean {
    return this.#document.hasIn(key.split('.'));
  }

  /** Names of the profiles. */
  labels(): string[] {
    const { labels } = (this.#document.toJS() ?? {}) as { labels?: object };
    return Object.keys(labels ?? {});
  }

  /** Undefined removes the key. */
  set(path: readonly string[], value: unknown): void {
    if (value === undefined) this.#document.deleteIn(path);
    else this.#document.setIn(path, value);
  }

  /** Writes the whole file or nothing. Only its owner can read it, since it may contain secrets. */
  write(): void {
    const isJson = this.path.endsWith('.json');
    const text = isJson ? `${JSON.stringify(this.#document.toJS(), null, 2)}\n` : String(this.#document);
    writeFileSync(`${this.path}.new`, text, { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }
}
