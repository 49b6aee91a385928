import type { RecordedSeed } from '../recorded-seeds.ts';

/** Seeds with several controllers that once broke a law; each must always pass from now on. */
export const RECORDED_WITH_CONTROLLERS: (Pick<RecordedSeed, 'seed' | 'found'> & { controllers: number })[] = [
  {
    seed: 66,
    controllers: 2,
    found:
      'a controller that was frozen while it asked for the address of a guest logged in there after its lease',
  },
  {
    seed: 104,
    controllers: 2,
    found:
      'a create was tried again, with an unexpected failure, since a read of the database timed out (296; 417: a removal)',
  },
  {
    seed: 211,
    controllers: 2,
    found:
      'nothing in the daemon: a runner vanished at GitHub whose configuration only a frozen controller had, and the next one registered it again (897, 2275: one that stood by)',
  },
  {
    seed: 632,
    controllers: 2,
    found:
      'a runner of another party was removed, since it had the id that a late list showed for a runner of ours whose id was not stored',
  },
  {
    seed: 685,
    controllers: 2,
    found:
      'nothing in the daemon: a create of a frozen controller hung in an agent, and the next controller ordered the VM when it could appear no more',
  },
  {
    seed: 1107,
    controllers: 2,
    found:
      'nothing in the daemon: an agent powered a VM off at the end of its lifetime, and the host was to be blamed',
  },
  {
    seed: 2836,
    controllers: 2,
    found:
      'the host was blamed for a job that was over before its VM went, since nobody acted then and its runner was found late',
  },
  {
    seed: 4222,
    controllers: 2,
    found:
      'nothing in the daemon: a runner died, its host lost the VM before anybody looked, and only the first was true',
  },
];
