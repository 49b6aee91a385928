import { attentionOf } from '../../journal/attention/attention.js';
import { showSigns, titleOf } from '../frame/tab-signs.js';
import { AttentionWatch } from './attention-watch.js';

/**
 * @typedef {import('../session/session.js').Session} Session
 */

/** Returns what needs attention in the present, whatever moment is shown. @param {Session} session */
export function attentionNow({ live, mode, readiness, unreadable, sources, present, isLost }) {
  if (!live || mode === 'replay') return [];
  return attentionOf({
    overview: live,
    now: present,
    scopes: readiness?.scopes ?? [],
    isSilent: isLost,
    unreadable,
    runners: sources?.runners ?? [],
  });
}

/** Title, icon, announcements and notifications follow what needs attention, also while the page is hidden. */
export class AttentionSigns {
  #watch = new AttentionWatch();
  #session;
  #notifier;

  /** @param {Session} session @param {import('./notifier.js').Notifier} notifier */
  constructor(session, notifier) {
    this.#session = session;
    this.#notifier = notifier;
  }

  /** Returns what screen readers are told; empty when nothing changed. @param {import('../frame/address.js').Place} place */
  update(place) {
    const { live, mode, readiness, isLost } = this.#session;
    if (!live || (mode === 'live' && readiness === null && !isLost)) return '';
    const items = attentionNow(this.#session);
    const name = live.jobs.get(String(place.jobId))?.context.job?.name ?? '';
    showSigns(titleOf(place, name, items.length), items.length);
    const { begun, over } = this.#watch.look(items);
    for (const item of begun) this.#notifier.tell(item);
    return [
      ...begun.map(({ what, sentence }) => `Needs attention: ${what}. ${sentence}`),
      ...over.map(({ what }) => `${what} needs no attention any more.`),
    ].join(' ');
  }
}
