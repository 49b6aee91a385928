/** @typedef {import('../../http/admin/api/api-routes.ts').Answers['/api/trends']['range']} Range */

/** In the order of the page. @type {[range: Range, label: string][]} */
export const RANGES = [
  ['1h', '1 hour'],
  ['6h', '6 hours'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
];
