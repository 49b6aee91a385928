/**
 * Something that goes wrong for up to hours, until a person ends it, and that touches a part of the world alone: what it
 * does not touch has to go on. Milliseconds from the beginning.
 */
export type Trouble = { at: number; lasts: number } & (
  | { what: 'repositoryRenamed'; repository: string; name: string }
  /** No runner can be registered with it: its organization forbids that, or it is archived. */
  | { what: 'registrationForbidden'; repository: string; how: 'disabled' | 'archived' }
  | { what: 'repositoryDeleted'; repository: string }
  /** The daemon's token may read everything and change nothing. */
  | { what: 'rightsTaken' }
  /** Only generate-jitconfig is refused. */
  | { what: 'jitForbidden' }
  | { what: 'imageDenied'; image: string; label: string }
  /** A VM of somebody else's in `error`, whose runtime holds a slot that no list shows. */
  | { what: 'slotHeldUnseen'; mac: string }
  /** VMs cannot be deleted: the agent refuses, or it powers them off and cannot remove their files. */
  | { what: 'deletesFail'; mac: string; how: 'refused' | 'undeletable' }
  /** A Mac without power; only planned beside another one. */
  | { what: 'macDead'; mac: string }
  | { what: 'nothingAssigned' }
  /** The oldest job that is queued at that time is assigned to nobody. */
  | { what: 'jobWithheld' }
);

/** Beside those, two kinds that are in what is pushed and in how runners behave. */
export type TroubleKind =
  | Trouble['what']
  /** Runners are the organization's, and a repository that the daemon does not serve has long jobs for them. */
  | 'unlistedRepository'
  /** Runners that are online and never take up what they are assigned; GitHub cancels a job that is missed often. */
  | 'ghostRunners';

/** What ends a trouble, and which of the queued jobs cannot run meanwhile. */
export interface OngoingTrouble {
  readonly trouble: Trouble;
  /** Id of the job that is withheld. */
  readonly jobId: number | null;
}
