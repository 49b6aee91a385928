// @ts-check

const ACTORS = {
  us: 'the makers of this daemon: report it with the evidence file',
  host: 'the operator of the Mac and its agent',
  image: 'the maker of the image',
  github: 'nobody here: GitHub has to recover; look at its status page',
  job: 'the author of the job',
  operator: 'the operator of this daemon',
};

/** Returns who has to act, for a failure's blame; empty when nobody is to blame. @param {string | null | undefined} blame */
export function whoActs(blame) {
  return blame && blame in ACTORS ? ACTORS[/** @type {keyof typeof ACTORS} */ (blame)] : '';
}
