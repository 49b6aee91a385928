/** How the process ends, in the words of sysexits.h where it has any. */
export const ExitCode = {
  ok: 0,
  /** What was asked for could not be done, or is not as it should be. */
  failed: 1,
  /** The command line cannot be understood (EX_USAGE). */
  usage: 64,
  /** The configuration cannot be used: nothing mends that but its owner (EX_CONFIG). */
  config: 78,
} as const;
