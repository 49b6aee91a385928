import { expect, test } from 'vitest';
import { failureChance } from '../../src/images/failure-chance.ts';

// Reference values: the one-sided test of Fisher, computed by hand from the binomial coefficients.
test.each([
  [{ served: 0, failed: 2 }, { served: 20, failed: 0 }, 1 / 231],
  [{ served: 0, failed: 3 }, { served: 10, failed: 0 }, 1 / 286],
  [{ served: 1, failed: 1 }, { served: 2, failed: 0 }, 1 / 2],
  [{ served: 1, failed: 3 }, { served: 3, failed: 1 }, 17 / 70],
  [{ served: 5, failed: 0 }, { served: 3, failed: 2 }, 1],
  [{ served: 0, failed: 0 }, { served: 0, failed: 0 }, 1],
])('%o against %o', (tried, old, chance) => {
  expect(failureChance(tried, old)).toBeCloseTo(chance, 10);
});

test('it stays exact for images that had many VMs', () => {
  const chance = failureChance({ served: 28, failed: 2 }, { served: 180, failed: 20 });
  expect(chance).toBeGreaterThan(0.5);
  expect(chance).toBeLessThan(1);
});
