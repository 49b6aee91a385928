// @ts-check
import { clock } from '../../format.js';

/**
 * Returns why a host gets only one VM at a time, in words that follow "gets one VM first, to prove that it works".
 * @param {import('../../../machines/host.ts').Proof} proof
 */
export function proofWords({ cause, since }) {
  switch (cause) {
    case 'lost':
      return `it did not respond until ${clock(since)}`;
    case 'restarted':
      return `its agent was restarted (seen at ${clock(since)})`;
    case 'maintained':
      return 'it was in maintenance';
  }
}
