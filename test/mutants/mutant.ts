/** A change of one line of the product that breaks a law, and the tests that must fail with it. */
export interface Mutant {
  law: string;
  file: string;
  /** Occurs in the file exactly once. */
  line: string;
  becomes: string;
  tests: string[];
}
