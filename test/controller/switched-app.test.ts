import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { expect, test } from 'vitest';
import { SwitchedApp } from '../../src/http/switched-app.ts';

const saying = (text: string) => new Hono().get('/', (c) => c.text(text));
const ask = async ({ app }: SwitchedApp) => (await app.request('/')).text();

test('a switched app serves the next app from then on', async () => {
  const switched = new SwitchedApp(saying('one'));
  expect(await ask(switched)).toBe('one');
  switched.switchTo(saying('two'));
  expect(await ask(switched)).toBe('two');
});

test('requests under way end by themselves, or with 503 when they are cut', async () => {
  let answer = (): void => undefined;
  const slow = () =>
    new Hono().get('/', async (c) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return c.text('late');
    });
  const switched = new SwitchedApp(slow());
  const ended = ask(switched);
  switched.switchTo(slow());
  answer();
  expect(await ended).toBe('late');
  const given = switched.app.request('/');
  switched.switchTo(saying('next'))();
  expect((await given).status).toBe(503);
});

test('a stream of the earlier app is cut', async () => {
  const switched = new SwitchedApp(
    new Hono().get('/', (c) =>
      streamSSE(c, async (stream) => {
        await stream.writeSSE({ data: 'first' });
        await new Promise(() => undefined);
      }),
    ),
  );
  const response = await switched.app.request('/');
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('first');
  const cut = switched.switchTo(saying('next'));
  cut();
  await expect(reader?.read()).rejects.toThrow();
});
