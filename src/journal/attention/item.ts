/** Where the page shows more. */
export interface Shows {
  view?: 'jobs' | 'job' | 'hosts';
  jobId?: number;
  filter?: 'waiting';
  host?: string | null;
}

export type Kind = 'service' | 'scope' | 'host' | 'wait' | 'job' | 'image' | 'store';

/** Something that needs a person. */
export interface Item {
  /** The same for as long as it lasts. */
  key: string;
  kind: Kind;
  mood: 'bad' | 'warn';
  /** Such as `Host mini-2`. */
  what: string;
  sentence: string;
  /** For whom it is wrong. */
  whom: string;
  /** Who must act, or what the next move is. */
  act: string;
  /** Epoch ms. */
  since: number | null;
  shows: Shows;
  /** To GitHub. */
  link: string | null;
}
