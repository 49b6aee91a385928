import { clock, counted, span } from '../../format.js';

/**
 * Which controller is active, and which stand by, where several share a database.
 *
 * @typedef {import('../../http/admin/api/api-routes.ts').Answers['/api/controllers']['controllers'][number]} Controller
 */

/** Returns the strip in words. @param {readonly Controller[]} controllers @param {number} now epoch ms */
export function controllersWords(controllers, now) {
  const here = controllers.filter(({ isGone }) => !isGone);
  const active = here.find(({ role }) => role === 'active');
  const standbys = here.filter(({ role }) => role === 'standby').map(({ name }) => name);
  const gone = controllers.length - here.length;
  const since = active ? `${clock(active.since)}, for ${span(Math.max(0, now - active.since))}` : '';
  return {
    active: active ? `${active.name} is active since ${since}` : 'No controller is active',
    mood: active && standbys.length > 0 ? 'good' : 'warn',
    standbys:
      standbys.length === 0
        ? 'no other one stands by'
        : `${standbys.join(', ')} ${standbys.length > 1 ? 'stand' : 'stands'} by`,
    gone: gone > 0 ? `${counted(gone, 'controller is', 'controllers are')} gone` : '',
    refusals: here.flatMap(({ name, refusal }) =>
      refusal ? [`${name} does not take over. ${refusal}`] : [],
    ),
  };
}
