import type { FailureCode } from '../machines/failure.ts';

/** What happened when a code is given, and what a person can do about it. */
export const FAILURE_REMEDIES: Record<FailureCode, [happened: string, remedy: string]> = {
  HOST_UNREACHABLE: [
    'The agent did not answer.',
    'See that the agent runs, that its Mac is awake, and that `base_url` is right and reachable from here.',
  ],
  HOST_BUSY: ['The agent has its hands full, or lost a pull.', 'Nothing. When it lasts: restart the agent.'],
  HOST_MAINTENANCE: [
    'The host is being wiped or reset.',
    'Nothing, or end it there; the jobs wait, or go to another host.',
  ],
  HOST_LOST: [
    'The host stayed unreachable for `timeouts.host_lost`; the job goes on with another VM.',
    'See to the host. What is left on it is removed when it answers again.',
  ],
  HOST_DRAINED: [
    'The host is being emptied, so the job goes on at another one.',
    'Nothing. Uncordon the host when it may take jobs again.',
  ],
  HOST_UNKNOWN: [
    'The job holds a VM on a host that the config does not have any more.',
    'Put the host back until its jobs have ended, then take it out.',
  ],
  AGENT_TOKEN_REFUSED: [
    'The agent does not accept our token.',
    'Copy the API token from the agent\'s menu ("Copy API Token") into the config.',
  ],
  AGENT_REQUEST_REFUSED: [
    'The agent calls our request wrong.',
    'See that `base_url` ends in `/v1`; then compare the versions of daemon and agent, and report it.',
  ],
  AGENT_ERROR: ['The agent failed inside, or answered what cannot be read.', "Look into the agent's log."],
  AGENT_CAPABILITY_MISSING: [
    'The host cannot do what a job needs.',
    'Turn the feature on at the host; `check` names it.',
  ],
  VM_LIMIT_REACHED: [
    'Every slot of the Mac is taken.',
    'Nothing: it is waited for. VMs of others count; stop them, or add a Mac.',
  ],
  HOST_FULL: [
    'The host had no room for the VM and another one has, so the job goes on there.',
    'Nothing. When it repeats: see which VMs of others run on the host.',
  ],
  VM_BUSY: ['Another operation holds the VM.', 'Nothing, unless somebody works on our VMs by hand.'],
  VM_NOT_FOUND: [
    'The VM is gone from its host.',
    'Find out who deletes VMs there, or why the agent restarted.',
  ],
  VM_CREATE_FAILED: [
    'The agent could not make the VM.',
    "Look into the agent's log; most often the disk of the Mac is full.",
  ],
  BASE_UNUSABLE: [
    'The base VM could not be cloned, so the job gets a VM that is made from its image.',
    'Nothing for the job. Why, stands with the host: `bases` of `/api/hosts`, and the log.',
  ],
  VM_NAME_TAKEN: [
    'A VM of a lost record runs under the name that was to be given.',
    'Nothing: the next name is taken, and the collector sees to the other VM.',
  ],
  VM_RESIZE_FAILED: [
    'The size of the profile is not possible.',
    'Correct `cpu`, `memory` and `disk` of the label: a disk only grows, and the rest must fit the Mac.',
  ],
  VM_START_FAILED: [
    'The VM did not start.',
    'Another one is made. When it happens again: try the image by hand.',
  ],
  VM_VANISHED: [
    'The VM disappeared. A restart of the agent ends every ephemeral VM.',
    'Let no update of the agent run during jobs; see that the Mac does not restart by itself.',
  ],
  VM_MAY_APPEAR: [
    'A create that nobody saw end may still bring a VM into being.',
    'Nothing: its name is looked for until `timeouts.create_settle` is over.',
  ],
  IMAGE_INVALID: [
    'The image cannot be used on this Mac.',
    'Correct `image` of the label, or build an image that needs less CPU and memory.',
  ],
  IMAGE_NOT_READY: [
    'The host has to pull the image first; the job holds no slot for that.',
    'Nothing: it goes on when the image is there.',
  ],
  IMAGE_PULL_FAILED: [
    'The pull ended without an image.',
    'See that the image exists, that the Mac may read it, and that its disk has room.',
  ],
  REGISTRY_UNREACHABLE: [
    'The Mac cannot reach the registry.',
    "See to the Mac's network and proxy, or pull the image there beforehand.",
  ],
  SSH_NOT_READY: [
    'The guest has no address yet.',
    'Nothing while it boots. When it lasts: look at its screen.',
  ],
  SSH_FORWARDING_FAILED: [
    "The agent could not open the guest's port.",
    "Look for another program on the agent's ports 2222–2223, and allow the agent Local Network.",
  ],
  GUEST_UNREACHABLE: [
    'The port is open, but no SSH session comes about.',
    'See that Remote Login is on in the image; with the daemon elsewhere, that a firewall lets 2222–2223 pass.',
  ],
  GUEST_LOGIN_REFUSED: [
    'The guest refuses the login.',
    'Correct `runner.ssh_user` and its password or key, or allow that user Remote Login in the image.',
  ],
  GUEST_IDENTITY_CHANGED: [
    'Another SSH server answers than at the first login, and the agent names another port for the VM; nothing was sent to it.',
    'Nothing: a new attempt is made. When it repeats: two agents share one port range.',
  ],
  GUEST_TOOL_MISSING: [
    'run.sh, config.sh, bash or git is not there.',
    'Build the image with the runner in `runner.install_path`, or correct that key.',
  ],
  GUEST_COMMAND_FAILED: [
    'A command in the guest did not answer as it should.',
    "See the message for what the guest said; often its disk is full or its shell's profile prints or exits.",
  ],
  GUEST_CLOCK_WRONG: [
    "The guest's clock is more than 5 minutes off.",
    'Turn automatic time on in the image, or set the clock when the VM boots.',
  ],
  RUNNER_CONFIGURATION_FAILED: [
    '`config.sh` ended with an error (only where GitHub has no JIT).',
    'See the message for what it said.',
  ],
  RUNNER_NOT_ONLINE: [
    'The runner runs but GitHub does not see it yet.',
    'See that guests reach GitHub over HTTPS, by proxy too; then githubstatus.com.',
  ],
  RUNNER_CANNOT_CONNECT: [
    'The runner runs and says why it does not reach GitHub.',
    "See the message. A name that is not found, or no way out: the Mac's network. A certificate that it does not trust: add the CA to the image.",
  ],
  RUNNER_EXITED: [
    'The runner ended before it had a job.',
    'See the message for its last line; try `run.sh` in a VM of the image.',
  ],
  RUNNER_DIED: [
    'The runner ended while its job ran, so GitHub fails the job.',
    'See the message for its last line. Look for what ends processes in the guest: the job itself, or too little memory for it.',
  ],
  RUNNER_LOST_CONTACT: [
    'GitHub failed the job since it did not hear its runner for minutes, although the runner worked on.',
    "See the Mac's network, then githubstatus.com.",
  ],
  RUNNER_DEPRECATED: ['GitHub refuses the version of the runner.', 'Build the image with a current runner.'],
  RUNNER_CONFIG_LOST: [
    "A restart of the daemon lost the runner's configuration, which is kept in memory only.",
    'Nothing: another is fetched under a new name.',
  ],
  RUNNER_NAME_TAKEN: [
    'GitHub has a runner of this name already.',
    'Nothing: the next name is taken. When it repeats: two daemons share `controller.id`.',
  ],
  RUNNER_UNUSED: [
    'The runner was online and got no job within `controller.vm_idle_timeout`.',
    "See that the runner's labels and its group cover the job; a job may also wait for an approval.",
  ],
  RUNNER_MAY_APPEAR: [
    'A registration that nobody saw end may still show up.',
    'Nothing: its name is looked for until `timeouts.create_settle` is over.',
  ],
  RUNNER_BUSY: [
    'GitHub holds the runner for a job.',
    'Nothing: GitHub lets go within minutes. No busy runner is removed.',
  ],
  JIT_UNSUPPORTED: [
    'This GitHub has no JIT configurations.',
    'Nothing: registration tokens are used. Update GitHub Enterprise Server when you can.',
  ],
  RUNNER_GROUP_UNKNOWN: ['The runner group does not exist.', 'Correct `runner.group`, or make the group.'],
  REPOSITORY_UNKNOWN: [
    'The repository of the job left the config.',
    'Put it back under `github.repositories` if its jobs are to be served.',
  ],
  REPOSITORY_GONE: [
    'The repository of the job was deleted, or the credentials may not see it any more.',
    'Nothing if it was deleted. Else give the token or the App access to it.',
  ],
  JOB_NO_LONGER_QUEUED: ['The job was cancelled or taken while its VM was made.', 'Nothing.'],
  JOB_OUTCOME_UNKNOWN: [
    'The job seems to be over but GitHub still calls it in progress.',
    'Nothing: GitHub is asked again until `timeouts.completion_grace` is over; a runner that goes on keeps its VM.',
  ],
  PROFILE_UNKNOWN: [
    'The job was begun with a label that the config does not have any more.',
    'Put the label back until its jobs have ended, then take it out.',
  ],
  PROFILE_DIFFERS: [
    'The job that came by exchange needs another kind of VM.',
    'Nothing: it is queued again at once.',
  ],
  LIFETIME_EXCEEDED: [
    'The VM outlived its `lifetime_seconds` and the agent did not power it off; it is removed when no job is at work in it.',
    'Make the job shorter, give it `timeout-minutes`, or raise `lifetime_seconds` of the label.',
  ],
  PHASE_TIMED_OUT: [
    'A state took longer than its deadline; the message has the last answer.',
    "See that answer's code here; raise the key under `timeouts` only when it was merely slow.",
  ],
  GITHUB_UNREACHABLE: [
    'GitHub did not answer, or a proxy answered in its place.',
    "See to this machine's network, its proxies, and `github.api_url`.",
  ],
  GITHUB_REDIRECTED: [
    'GitHub says that it is elsewhere now; what was asked for was not done.',
    'Correct `github.owner` and the repositories; the message names a foreign address.',
  ],
  GITHUB_RATE_LIMITED: [
    'GitHub asks to wait.',
    'Nothing: it goes on by itself. When it repeats: poll less often, or use webhooks and an App.',
  ],
  GITHUB_CREDENTIALS_REFUSED: [
    'GitHub does not accept the token or the App.',
    'Give a new token, or check `app_id`, key and `installation_id`.',
  ],
  GITHUB_PERMISSION_MISSING: [
    'The credentials may not do this.',
    'Grant the permission that the message names; `check` tries each.',
  ],
  GITHUB_NOT_FOUND: [
    'It does not exist, or the credentials may not see it.',
    'Check `github.owner`, the repositories and the permissions.',
  ],
  GITHUB_REQUEST_REFUSED: ['GitHub calls our request wrong.', 'Report it, with the message.'],
  GITHUB_ERROR: ['GitHub failed inside.', 'Nothing; see githubstatus.com.'],
  OPERATOR_CANCELLED: [
    'Somebody ended it here, on the page or by the API; the journal says who.',
    'Nothing. GitHub still has the job: cancel it there, too, or it waits.',
  ],
  OPERATOR_FORGOT: [
    'Somebody ended the record of the job as it was; the journal says who.',
    'Nothing: what is left of its VM and runner is the collector’s. GitHub may still have the job.',
  ],
  UNEXPECTED: ['A fault of ours.', 'Report it, with the log around it.'],
};
