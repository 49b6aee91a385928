import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { resolveAgentToken } from '../../src/config/sources/agent-token.ts';
import { AGENT_TOKEN, load, problemLines, SMALLEST, temporaryFolder, writeIn } from './config-fixture.ts';

const HOST = { name: 'local', base_url: 'http://127.0.0.1:8011/v1', max_concurrent_vms: 2 };
const node = (script: string) => [process.execPath, '-e', script];

/** Resolves to the message of the failure; throws when a token is found. */
async function sentenceFor(host: object, env: NodeJS.ProcessEnv = {}, patience?: number): Promise<string> {
  const outcome = await resolveAgentToken({ ...HOST, ...host }, env, patience).catch(
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(ConfigError);
  return (outcome as ConfigError).message;
}

test('the token in the config is used before the token file, and the file before the command', async () => {
  const token_file = writeIn(temporaryFolder(), 'token', `${AGENT_TOKEN}-file\n`);
  const token_command = node(`console.log('${AGENT_TOKEN}-command')`);
  const all = { ...HOST, token: AGENT_TOKEN, token_file, token_command };
  expect(await resolveAgentToken(all, {})).toBe(AGENT_TOKEN);
  expect(await resolveAgentToken({ ...HOST, token_file, token_command }, {})).toBe(`${AGENT_TOKEN}-file`);
  expect(await resolveAgentToken({ ...HOST, token_command }, {})).toBe(`${AGENT_TOKEN}-command`);
});

test('a token from the environment is used before the command, once the config is loaded', async () => {
  const { config } = load(
    { ...SMALLEST, jeballto: { token_command: ['false'] } },
    { JEBALLTO_TOKEN: AGENT_TOKEN },
  );
  expect(await resolveAgentToken(config.hosts[0] ?? HOST, {})).toBe(AGENT_TOKEN);
});

test('without any token, the message says where the operator copies it from', async () => {
  expect(await sentenceFor({})).toBe(
    'token of the host "local": is missing. The agent keeps its token in the macOS Keychain, where no other program can read it, so it cannot be discovered: copy it from the agent\'s menu bar ("Copy API Token") and give it as token, token_file or token_command of this host, or in the environment variable JEBALLTO_TOKEN.',
  );
  expect(await sentenceFor({ name: 'mac-1' })).toContain('environment variable JEBALLTO_TOKEN_MAC_1.');
});

test.each([
  ['short', "has 5 bytes, but the agent's tokens have 32 to 512."],
  ['x'.repeat(513), "has 513 bytes, but the agent's tokens have 32 to 512."],
  [`${AGENT_TOKEN} ${AGENT_TOKEN}`, 'contains spaces or other characters that no agent token has.'],
  [
    '{"api":{"host":"127.0.0.1","port":8011,"maxConcurrentRequests":100}}',
    "is JSON. The agent's config.json holds no token: the agent keeps it in the macOS Keychain.",
  ],
  [`${AGENT_TOKEN}é`, 'contains spaces or other characters that no agent token has.'],
])('a text that cannot be an agent token is refused without being repeated: %s', async (token, why) => {
  expect(problemLines({ ...SMALLEST, jeballto: { token } })).toEqual([
    `jeballto.token: ${why} Copy it again from the agent's menu bar ("Copy API Token").`,
  ]);
  const sentence = await sentenceFor({ token_file: writeIn(temporaryFolder(), 'token', token) });
  expect(sentence).toBe(
    `token_file of the host "local": ${why} Copy it again from the agent's menu bar ("Copy API Token").`,
  );
  expect(sentence).not.toContain(token);
});

test.each([32, 512])('a token may have %i bytes', async (length) => {
  const token = '~'.repeat(length);
  expect(await resolveAgentToken({ ...HOST, token }, {})).toBe(token);
});

test('a token file that does not exist any more is named', async () => {
  const token_file = join(temporaryFolder(), 'gone');
  expect(await sentenceFor({ token_file })).toBe(
    `token_file of the host "local": names ${token_file}, which cannot be read (ENOENT): put the token there.`,
  );
});

test('a command is run without a shell, in the given environment', async () => {
  const token_command = [
    ...node('console.log(process.argv[1] + process.env.TAIL)'),
    `$(${AGENT_TOKEN.slice(0, 20)})`,
  ];
  expect(await resolveAgentToken({ ...HOST, token_command }, { TAIL: AGENT_TOKEN })).toBe(
    `$(${AGENT_TOKEN.slice(0, 20)})${AGENT_TOKEN}`,
  );
});

test.each([
  [
    'fails',
    node(`console.log('${AGENT_TOKEN}'); console.error('${AGENT_TOKEN}'); process.exit(44)`),
    'ended with exit code 44',
  ],
  ['does not exist', ['/no/such/program', AGENT_TOKEN], 'could not be run (ENOENT)'],
  [
    'prints a book',
    node(`process.stdout.write('${AGENT_TOKEN}'.repeat(10_000))`),
    'printed far more than a token',
  ],
])('a command that %s is named, but neither its arguments nor its output', async (_, token_command, why) => {
  const sentence = await sentenceFor({ token_command });
  expect(sentence).toBe(
    `token_command of the host "local": names the program ${token_command[0]}, which ${why}: run it by hand to see the reason.`,
  );
  expect(sentence).not.toContain(AGENT_TOKEN);
});

test('a command that does not end in time is killed', async () => {
  const token_command = node("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)");
  expect(await sentenceFor({ token_command }, {}, 500)).toContain('which did not end within 500 ms:');
});
