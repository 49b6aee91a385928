import type { Message } from './message.ts';
import { messageLines } from './message-lines.ts';

/** Characters. Slack cuts longer messages off. */
const LONGEST = 4_000;

/** Slack reads these three as markup: `<!channel>` in the name of a job would notify everybody. */
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Returns the message in the form of Slack's incoming webhooks. Notices that do not fit are counted. */
export function slackBody(message: Message): object {
  const text = textOf(message);
  if (text.length <= LONGEST || message.notices.length <= 1) return { text: text.slice(0, LONGEST) };
  return slackBody({ ...message, notices: message.notices.slice(0, -1), more: message.more + 1 });
}

const textOf = (message: Message) =>
  messageLines(message, {
    mark: ({ change, mood }) =>
      change === 'over' ? ':white_check_mark:' : mood === 'bad' ? ':red_circle:' : ':large_orange_circle:',
    strong: (text) => `*${text}*`,
    plain: escaped,
  }).join('\n');
