import { Gauge, type Registry } from 'prom-client';
import type { ImageView } from './source/image-views.ts';

/** The metrics of images; `images` is called at each scrape. */
export function imageMetrics(prefix: string, registry: Registry, images: () => readonly ImageView[]): void {
  new Gauge({
    name: `${prefix}image_on_host`,
    help: 'Which image a profile has on which host, by role: current, trial, previous, refused, onHosts. Always 1.',
    labelNames: ['profile', 'host', 'digest', 'role'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { profile, versions } of images()) {
        for (const { role, digest, hosts } of versions) {
          for (const host of hosts) this.set({ profile, host, digest: digest ?? '', role }, 1);
        }
      }
    },
  });
  new Gauge({
    name: `${prefix}image_vms`,
    help: 'VMs that were counted for an image, by whether they worked; older ones count less.',
    labelNames: ['profile', 'digest', 'role', 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { profile, versions } of images()) {
        for (const { role, digest, served, failed } of versions) {
          if (served === null || failed === null || digest === null) continue;
          this.set({ profile, digest, role, result: 'served' }, served);
          this.set({ profile, digest, role, result: 'failed' }, failed);
        }
      }
    },
  });
  new Gauge({
    name: `${prefix}image_refused`,
    help: 'Whether a newer image of the profile was refused and is not used: 1 or 0.',
    labelNames: ['profile'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { profile, state } of images()) this.set({ profile }, Number(state === 'refused'));
    },
  });
}
