// @ts-check
import { instant } from '../../format.js';

/** @type {Record<string, string>} */
const ORDERS = {
  'operator.cancelled': 'cancel',
  'operator.retried': 'retry',
  'operator.cordoned': 'cordon',
  'operator.uncordoned': 'uncordon',
  'operator.drained': 'drain',
  'operator.held': 'hold the VM of',
  'operator.released': 'release the VM of',
  'operator.forgot': 'forget the record of',
  'operator.reloaded': 'reload the config',
  'operator.reloadRefused': 'reload the config, which was refused',
  'operator.collected': 'run the collector',
  'operator.triedImage': 'try the refused image of',
  'operator.spreadImage': 'use the next image everywhere for',
  'operator.refusedImage': 'use the old image again for',
};

/**
 * An order of an operator in words, as log and page say it: `cancel job 4`.
 * @param {{ event: string, jobId: number, host: string | null, until?: number, profile?: string }} order `until`: epoch
 *   ms at which it ends by itself; `profile`: the label whose images it is about
 */
export function orderWords({ event, jobId, host, until, profile }) {
  if (profile !== undefined) return `${ORDERS[event] ?? event} ${profile}`;
  const object = jobId > 0 ? ` job ${jobId}` : host !== null ? ` host ${host}` : '';
  const end = until === undefined ? '' : ` until ${instant(until)}`;
  return `${ORDERS[event] ?? event}${object}${end}`;
}
