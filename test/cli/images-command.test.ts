import { expect, test } from 'vitest';
import { imageOrderCommand } from '../../src/cli/commands/images/image-order-command.ts';
import { imagesCommand } from '../../src/cli/commands/images/images-command.ts';
import type { SeenImage } from '../../src/cli/commands/images/images-table.ts';
import { OrderRefused, type Orders } from '../../src/dispatch/orders.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { runningDaemon } from './running-daemon.ts';

const version = { reference: 'ghcr.io/acme/ci:latest', runner: null, runnerEndsAt: null };
const IMAGES: SeenImage[] = [
  {
    profile: 'mac',
    image: 'ghcr.io/acme/ci:latest',
    state: 'trying',
    sentence: '1 VM of it worked and 0 failed.',
    versions: [
      {
        ...version,
        ...{ role: 'current', digest: `sha256:${'a'.repeat(64)}`, hosts: ['mini-1', 'mini-2'] },
        ...{ runner: '2.330.0', runnerEndsAt: Date.UTC(2026, 11, 24), served: 40, failed: 1 },
      },
      {
        ...version,
        role: 'trial',
        digest: `sha256:${'b'.repeat(64)}`,
        hosts: ['mini-1'],
        served: 1,
        failed: 0,
      },
    ],
  },
  {
    profile: 'ios',
    image: 'ghcr.io/acme/ios:latest',
    state: 'atOnce',
    sentence: 'The agent asks the registry for this tag at each VM.',
    versions: [{ ...version, role: 'onHosts', digest: null, hosts: [], served: null, failed: null }],
  },
];

test('the images of each label are listed: which digest serves where, its runner, and until when GitHub takes it', async () => {
  await using daemon = await runningDaemon({ images: () => IMAGES });
  const { terminal, lines } = recordingTerminal();
  expect(await imagesCommand({ config: daemon.config }, terminal)).toBe(0);
  expect(lines.out.map((line) => line.trimEnd())).toEqual([
    'LABEL  DIGEST               USE       HOSTS           RUNNER   UNTIL       WORKED  FAILED',
    'mac    sha256:aaaaaaaaaaaa  in use    mini-1, mini-2  2.330.0  2026-12-24  40      1',
    'mac    sha256:bbbbbbbbbbbb  on trial  mini-1          -        -           1       0',
    'ios    -                    at once   -               -        -           -       -',
    '',
    'mac: 1 VM of it worked and 0 failed.',
    'ios: The agent asks the registry for this tag at each VM.',
  ]);
});

test('what is true of several labels is said once', async () => {
  const [image] = IMAGES as [SeenImage];
  await using daemon = await runningDaemon({ images: () => [image, { ...image, profile: 'mac-large' }] });
  const { terminal, lines } = recordingTerminal();
  await imagesCommand({ config: daemon.config }, terminal);
  expect(lines.out.at(-1)).toBe(`mac, mac-large: ${image.sentence}`);
});

test('--json prints what the API says', async () => {
  await using daemon = await runningDaemon({ images: () => IMAGES });
  const { terminal, lines } = recordingTerminal();
  await imagesCommand({ config: daemon.config, json: true }, terminal);
  expect(JSON.parse(lines.out.join('\n'))).toEqual({ images: IMAGES });
});

test.each(['try', 'spread', 'back'] as const)(
  'an order to %s is given with the name of its giver',
  async (what) => {
    const given: unknown[] = [];
    const orders = { image: (...order: unknown[]) => given.push(order) } as unknown as Orders;
    await using daemon = await runningDaemon({ images: () => IMAGES, orders });
    const { terminal, lines } = recordingTerminal({ USER: 'ada' });
    expect(await imageOrderCommand({ what, label: 'mac', config: daemon.config }, terminal)).toBe(0);
    expect(given).toEqual([[what, 'mac', 'ada']]);
    expect(lines.out.join('\n')).not.toContain('ios');
  },
);

test('an order that is refused says why', async () => {
  const refuse = () => {
    throw new OrderRefused(409, 'mac: A trial is under way on mini-1.');
  };
  await using daemon = await runningDaemon({ orders: { image: refuse } as unknown as Orders });
  const { terminal } = recordingTerminal();
  await expect(
    imageOrderCommand({ what: 'try', label: 'mac', config: daemon.config }, terminal),
  ).rejects.toThrow('A trial is under way on mini-1.');
});
