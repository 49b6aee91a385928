/** Returns a description of a state, written with one sentence a line. State names in it are in backticks. */
export const sentences = (...all: string[]) => all.join(' ');
