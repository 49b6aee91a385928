/** What a profile of the config means ; sizes in bytes. */
export interface Profile {
  image: string;
  cpu: number | null;
  memory: number | null;
  disk: number | null;
  lifetimeSeconds: number;
  /** Labels that a runner of this profile registers with, lower case. */
  runnerLabels: string[];
}
