/** What one part of the product says, as text of one line: the page at one size, the terminal, or the API. */
export interface Answers {
  /** Who answers: `page at 390x844`, `terminal`, `API`. */
  by: string;
  /** What is wrong now. */
  wrong: string;
  /** Nothing is wrong, in so many words. */
  isWell: boolean;
  /** No job can be served. */
  stops: boolean;
  /** By the job's id. */
  jobs: Map<number, JobAnswers>;
}

export interface JobAnswers {
  /** What it does now, or how it ended. */
  state: string;
  /** Why. */
  why: string;
  /** Who must act, or who or what ends the wait. */
  who: string;
  next: string;
  /** Its VM and the host of it; empty where it has none. */
  vm: string;
}

export const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
