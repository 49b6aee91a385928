// @ts-check
import { clock } from '../format.js';

/**
 * Returns why a host gets only one VM at a time, in words that follow "proves itself with one VM first".
 * @param {import('../../machines/host.ts').Proof} proof
 */
export function proofWords({ cause, since }) {
  switch (cause) {
    case 'lost':
      return `it was lost until ${clock(since)}`;
    case 'restarted':
      return `its agent was restarted, as was seen at ${clock(since)}`;
    case 'maintained':
      return 'it was in maintenance';
  }
}
