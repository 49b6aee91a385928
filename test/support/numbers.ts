/** The numbers of a grant, for the names of a VM and its runners. */
export const NUMBERS = { first: 1, last: 100 };
