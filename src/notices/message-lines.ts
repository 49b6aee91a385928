import { counted, span } from '../format.js';
import type { Message, Notice } from './message.ts';

/** How a form marks a line and emphasizes text. */
export interface LineStyle {
  mark(notice: Notice): string;
  strong(text: string): string;
  /** Escapes the text of others for this form. */
  plain(text: string): string;
}

/** Returns a message as lines for people: the title, a line for each notice, and how many were left out. */
export function messageLines(
  { title, notices, more }: Message,
  { mark, strong, plain }: LineStyle,
): string[] {
  const line = (notice: Notice) => {
    const { change, what, sentence, whom, act, link, begunAt, endedAt } = notice;
    const subject = `${mark(notice)} ${strong(plain(what))}`;
    if (change === 'over') return `${subject} is over after ${span(Math.max(0, (endedAt ?? 0) - begunAt))}.`;
    const next = act === '' ? '' : ` Next: ${plain(act)}`;
    return `${subject}: ${plain(sentence)} For whom: ${plain(whom)}.${next}${link === null ? '' : ` ${plain(link)}`}`;
  };
  const rest = more === 0 ? [] : [`The page shows ${counted(more, 'more', 'more')}.`];
  return [plain(title), ...notices.map(line), ...rest];
}
