import type { Mutant } from '../mutant.ts';

/** Rules of images on trial and of runners that are in an image. */
export const IMAGES: readonly Mutant[] = [
  {
    law: 'images: check warns of a runner that GitHub will not take for long',
    file: 'src/cli/check/check-daemon.ts',
    line: 'return isEnding ? note(',
    becomes: 'return !isEnding ? note(',
    tests: ['test/cli/check-command.test.ts'],
  },
  {
    law: 'images: an image on trial is used on one host only',
    file: 'src/images/choose-image.ts',
    line: '  return trial?.host === host && trial.doubt === null && !isTried;',
    becomes: '  return trial !== null && host !== null && trial.doubt === null && !isTried;',
    tests: ['test/images/choose-image.test.ts'],
  },
  {
    law: 'images: an image on trial has one VM in which no runner was online',
    file: 'src/controller/active/images/has-yet-to-serve.ts',
    line: "  return isBeingMade(snapshot) || snapshot.hasTag('takesAnyJob');",
    becomes: '  return isBeingMade(snapshot);',
    tests: ['test/controller/has-yet-to-serve.test.ts'],
  },
  {
    law: 'images: after a failure of an image on trial the old image shows whether the host is the cause',
    file: 'src/images/choose-image.ts',
    line: '  return trial?.host === host && trial.doubt === null && !isTried;',
    becomes: '  return trial?.host === host && !isTried;',
    tests: ['test/images/choose-image.test.ts'],
  },
  {
    law: 'images: what fails with the old image, too, is not the fault of the new one',
    file: 'src/images/note-attempt.ts',
    line: '  return trial?.host === host ? endDoubt(after, failure !== null) : after;',
    becomes: '  return trial?.host === host ? endDoubt(after, false) : after;',
    tests: ['test/images/image-rollouts.test.ts'],
  },
  {
    law: 'images: a refused image is not tried again until the tag moves',
    file: 'src/images/next-step.ts',
    line: '  if (digest === trial?.digest || (trial === null && digest === refused?.digest)) return null;',
    becomes: '  if (digest === trial?.digest && refused === null) return null;',
    tests: ['test/images/image-rollouts.test.ts'],
  },
  {
    law: 'images: a VM that was made from a tag which moved just now is not used',
    file: 'src/effects/vm/create-vm.ts',
    line: '    if (image && !isCloned) await confirmDigest(world, client, reference, image, signal);',
    becomes: '',
    tests: ['test/effects/vm-image.test.ts'],
  },
  {
    law: 'images: failures of an image on trial hold back no other VM',
    file: 'src/placement/breakers/breakers.ts',
    line: '    if (this.#isOfTrial(seen, event)) {',
    becomes: "    if (this.#isOfTrial(seen, event) && event.type !== 'attempt.failed') {",
    tests: ['test/placement/breakers/breakers.test.ts'],
  },
];
