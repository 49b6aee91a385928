import { moment } from '../../format.js';
import type { Cordon } from '../../store/tables/hosts/cordons.ts';
import { printable } from './terminal-text.ts';

/** Returns what a cordon means, for people at a terminal; the host is the subject, and no full stop ends it. */
export function cordonNote({ by, until }: Cordon): string {
  const end = until === undefined ? '' : ` until ${moment(until)}`;
  return `takes no new jobs${end}, since ${printable(by)} cordoned it`;
}
