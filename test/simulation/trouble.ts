/**
 * Something that goes wrong for up to hours, until a person ends it, and that affects only a part of the
 * world: everything else has to go on. Instants in milliseconds from the beginning.
 */
export type Trouble = { at: number; lasts: number } & (
  | { what: 'repositoryRenamed'; repository: string; name: string }
  /** Runners cannot be registered for the repository: its organization forbids that, or it is archived. */
  | { what: 'registrationForbidden'; repository: string; how: 'disabled' | 'archived' }
  | { what: 'repositoryDeleted'; repository: string }
  /** The daemon's token may read everything and change nothing. */
  | { what: 'rightsTaken' }
  /** Only generate-jitconfig is refused. */
  | { what: 'jitForbidden' }
  | { what: 'imageDenied'; image: string; label: string }
  /** A VM of another party in `error`, whose runtime uses a slot that no list shows. */
  | { what: 'slotHeldUnseen'; mac: string }
  /** VMs cannot be deleted: the agent refuses, or it powers them off and cannot remove their files. */
  | { what: 'deletesFail'; mac: string; how: 'refused' | 'undeletable' }
  /** A Mac without power; only planned when there is another Mac. */
  | { what: 'macDead'; mac: string }
  | { what: 'nothingAssigned' }
  /** The config is changed and reloaded, and changed back at the end: something is left out of it, or limited. */
  | { what: 'configReloaded'; how: 'labelRemoved'; label: 'mac' | 'mac-large' }
  | { what: 'configReloaded'; how: 'hostRemoved'; mac: string }
  | { what: 'configReloaded'; how: 'limitsChanged' }
  /** The tag of every image moves: to an image whose VMs never serve a job, or to one that works. */
  | { what: 'imageMoves'; digest: string; how: 'refusesLogin' | 'neverBoots' | 'lacksRunner' | 'works' }
  /** The job that is queued longest at that time is not assigned to any runner. */
  | { what: 'jobWithheld' }
);

/** Besides those, four kinds that change what is pushed, what happens to the Macs, and how runners behave. */
export type TroubleKind =
  | Trouble['what']
  /**
   * Runners belong to the organization, and a repository that the daemon does not serve has long jobs for
   * them.
   */
  | 'unlistedRepository'
  /**
   * Runners that are online and never take what they are assigned; GitHub cancels a job that is missed often.
   */
  | 'ghostRunners'
  /** People maintain the Macs: the agent is in maintenance or is restarted, and hosts are drained for a time. */
  | 'macsMaintained'
  /** VMs of failed jobs are held, by the config and by orders at any moment, and released again. */
  | 'vmsHeld';

/** A trouble that is going on: what ends it, and which of the queued jobs cannot run until then. */
export interface OngoingTrouble {
  readonly trouble: Trouble;
  /** Id of the job that is withheld. */
  readonly jobId: number | null;
}
