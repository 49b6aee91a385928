import type { Message } from './message.ts';
import { messageLines } from './message-lines.ts';

/** Returns the message as JSON for programs; `text` has all of it for people. Instants are in ISO 8601. */
export function webhookBody(message: Message): object {
  const { id, at, controller, notices, more } = message;
  const lines = messageLines(message, { mark: () => '-', strong: (text) => text, plain: (text) => text });
  return {
    id,
    at: iso(at),
    controller,
    text: lines.join('\n'),
    notices: notices.map((notice) => ({
      id: notice.id,
      change: notice.change,
      kind: notice.kind,
      severity: notice.mood === 'bad' ? 'critical' : 'warning',
      what: notice.what,
      sentence: notice.sentence,
      whom: notice.whom,
      act: notice.act,
      link: notice.link,
      begunAt: iso(notice.begunAt),
      endedAt: notice.endedAt === null ? null : iso(notice.endedAt),
    })),
    more,
  };
}

const iso = (at: number) => new Date(at).toISOString();
