import { expect, test, vi } from 'vitest';
import { VmLook } from '../../src/page/look/vm-look.js';
import type { Api } from '../../src/page/session/api.js';

test('the screen of a job that is not shown any more is not kept', async () => {
  const made = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:1');
  const freed = vi.spyOn(URL, 'revokeObjectURL').mockReturnValue(undefined);
  const picture = async () => ({ picture: new Blob(), at: 1 });
  const look = new VmLook({ picture } as never as Api, 7);
  await look.ask('screen', 'vm-1');
  expect(look.screen?.url).toBe('blob:1');
  const asked = look.ask('screen', 'vm-1');
  look.forget();
  await asked;
  expect(look.screen).toBeNull();
  expect(made.mock.calls.length).toBe(freed.mock.calls.length);
  vi.restoreAllMocks();
});
