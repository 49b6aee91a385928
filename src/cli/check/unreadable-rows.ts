import { counted } from '../../format.js';

/**
 * Returns a phrase with the number of rows in quarantine for each table of a store; null when every row can be read.
 */
export function unreadableRows(byTable: Record<string, number>): string | null {
  const tables = Object.entries(byTable);
  if (tables.length === 0) return null;
  const all = tables.reduce((sum, [, rows]) => sum + rows, 0);
  const where = tables.map(([table, rows]) => `${rows} of ${table}`).join(', ');
  return `${counted(all, 'row of the store is', 'rows of the store are')} unreadable and in quarantine (${where})`;
}
