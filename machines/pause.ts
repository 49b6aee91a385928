/** A pause that doubles from `first` to `longest`; milliseconds. */
export interface Pause {
  first: number;
  longest: number;
}

/** Returns the pause before try number `tries` + 1. */
export function pauseAfter(pause: Pause, tries: number): number {
  return Math.min(pause.longest, pause.first * 2 ** Math.min(tries, 30));
}
