import type { FailureCode } from '../machines/failure.ts';

/** What happened when a code is given, and what a person can do about it. */
export const FAILURE_REMEDIES: Record<FailureCode, [happened: string, remedy: string]> = {
  HOST_UNREACHABLE: [
    'The agent did not answer.',
    'Check that the agent runs, that its Mac is awake, and that this machine can reach `base_url`.',
  ],
  HOST_BUSY: [
    'The agent has too many requests at once or uses the image for something else, or its restart ended a pull.',
    'Nothing. If it lasts, restart the agent.',
  ],
  HOST_MAINTENANCE: [
    'The host is being wiped or reset.',
    'Nothing: the host gets no jobs until that has ended, and its jobs go on at another host.',
  ],
  HOST_LOST: [
    'The host stayed unreachable for `timeouts.host_lost`; the job goes on with another VM.',
    'Find out why the host does not answer. When it answers again, the daemon removes what is left on it.',
  ],
  HOST_DRAINED: [
    'The host is drained: by an operator, by a maintenance window, because its agent is in maintenance, or because it left the config. The job goes on at another host.',
    'Nothing for the job. Uncordon the host when it may take jobs again; a drain that has an end ends by itself.',
  ],
  HOST_UNKNOWN: [
    'The job has a VM on a host that is no longer in the config.',
    'Add the host again until its jobs have ended, then remove it.',
  ],
  AGENT_TOKEN_REFUSED: [
    'The agent does not accept the token of the config.',
    'Copy the API token from the menu bar of the agent ("Copy API Token") into the config.',
  ],
  AGENT_REQUEST_REFUSED: [
    'The agent refuses a request of the daemon as wrong.',
    'Check that `base_url` ends in `/v1`; then compare the versions of daemon and agent, and report it.',
  ],
  AGENT_ERROR: ['The agent failed, or its response cannot be read.', 'Look at the log of the agent.'],
  AGENT_CAPABILITY_MISSING: [
    'The host lacks a feature that a job needs.',
    'Turn the feature on at the Mac; `check` names it.',
  ],
  VM_LIMIT_REACHED: [
    'Every VM slot of the Mac is in use.',
    'Nothing: the job waits for a free slot. VMs that are not of this daemon count too: stop them, or add a Mac.',
  ],
  HOST_FULL: [
    'The host had no room for the VM and another one has, so the job goes on there.',
    'Nothing. If it repeats, check which VMs that are not of this daemon run on the host.',
  ],
  VM_BUSY: [
    'Another operation uses the VM.',
    'Nothing, unless somebody works by hand on VMs of this daemon.',
  ],
  VM_NOT_FOUND: [
    'The VM is gone from its host.',
    'Find out who deletes VMs there, or why the agent restarted.',
  ],
  VM_CREATE_FAILED: [
    'The agent could not create the VM.',
    'Look at the log of the agent; most often the disk of the Mac is full.',
  ],
  BASE_UNUSABLE: [
    'The base VM could not be cloned, so the job gets a VM that is created from its image.',
    'Nothing for the job. `bases` in `/api/hosts` and the log say why.',
  ],
  VM_NAME_TAKEN: [
    'A VM already runs under the name that the new VM would get. Its record was lost.',
    'Nothing: the next name is used, and the collector removes the other VM.',
  ],
  VM_RESIZE_FAILED: [
    'The size of the profile is not possible.',
    'Correct `cpu`, `memory` and `disk` of the label: a disk only grows, and the rest must fit the Mac.',
  ],
  VM_START_FAILED: [
    'The VM did not start.',
    'Nothing at first: another VM is created. If it happens again, try the image by hand.',
  ],
  VM_VANISHED: [
    'The VM disappeared. A restart of the agent ends every ephemeral VM.',
    'Do not update the agent while jobs run, and check that the Mac does not restart by itself.',
  ],
  VM_MAY_APPEAR: [
    'The answer to a create was lost, so a VM may still appear.',
    'Nothing: the daemon looks for the name of the VM until `timeouts.create_settle` is over.',
  ],
  IMAGE_INVALID: [
    'The image cannot be used on this Mac.',
    'Correct `image` of the label, or build an image that needs less CPU and memory.',
  ],
  IMAGE_NOT_READY: [
    'The host has to pull the image first; the job uses no slot for that.',
    'Nothing: the job goes on when the Mac has the image.',
  ],
  IMAGE_PULL_FAILED: [
    'The pull of the image failed.',
    'Check that the image exists, that the Mac may read it, and that the disk of the Mac has room.',
  ],
  REGISTRY_UNREACHABLE: [
    'The Mac cannot reach the registry.',
    "Check the Mac's network and proxy, or pull the image on the Mac before a job needs it.",
  ],
  SSH_NOT_READY: [
    'The guest has no address yet.',
    'Nothing while it boots. If it lasts, look at the screen of the VM.',
  ],
  SSH_FORWARDING_FAILED: [
    "The agent could not forward a port to the guest's SSH.",
    "Look for another program on the agent's ports 2222–2223, and allow the agent Local Network in the privacy settings of macOS.",
  ],
  GUEST_UNREACHABLE: [
    'No SSH session with the guest could be opened, or it broke.',
    'Check that Remote Login is on in the image. If the daemon runs on another machine, check that the firewall of the Mac allows ports 2222–2223.',
  ],
  GUEST_LOGIN_REFUSED: [
    'The guest refuses the login.',
    'Correct `runner.ssh_user` and its password or key, or allow that user Remote Login in the image.',
  ],
  GUEST_IDENTITY_CHANGED: [
    'The SSH server has another host key than at the first login, so the port now leads to another VM. Nothing was sent to it.',
    'Nothing: a new attempt is made. If it repeats, check whether two agents share one port range.',
  ],
  GUEST_TOOL_MISSING: [
    'The guest lacks run.sh, config.sh, bash or git.',
    'Build the image with the runner in `runner.install_path`, or correct that key.',
  ],
  GUEST_COMMAND_FAILED: [
    'A command in the guest failed, or its output cannot be read.',
    "The message says what the guest wrote; often its disk is full, or its shell's profile prints text or exits.",
  ],
  GUEST_CLOCK_WRONG: [
    "The guest's clock is wrong by more than 5 minutes.",
    'Turn automatic time on in the image, or set the clock when the VM boots.',
  ],
  RUNNER_CONFIGURATION_FAILED: [
    '`config.sh` ended with an error (only where GitHub has no JIT).',
    'The message says what it wrote.',
  ],
  RUNNER_NOT_ONLINE: [
    'The runner runs, but GitHub does not see it online yet.',
    'Check that guests can reach GitHub over HTTPS, also through their proxy; then look at githubstatus.com.',
  ],
  RUNNER_CANNOT_CONNECT: [
    'The runner runs, but it cannot reach GitHub. The message has its reason.',
    "If a name is not found or a connection fails, check the Mac's network. If a certificate is not trusted, add its CA to the image.",
  ],
  RUNNER_EXITED: [
    'The runner ended before it had a job.',
    'The message has its last line; try `run.sh` in a VM of the image.',
  ],
  RUNNER_DEPRECATED: [
    'GitHub refuses this old version of the runner.',
    'Build the image with a current runner.',
  ],
  RUNNER_DIED: [
    'The runner ended while its job ran, so GitHub fails the job.',
    'The message has its last line. Find what ends processes in the guest: the job itself, or too little memory for it.',
  ],
  RUNNER_LOST_CONTACT: [
    'GitHub failed the job since it did not hear its runner for minutes, although the runner worked on.',
    "Check the Mac's network, then githubstatus.com.",
  ],
  END_UNSEEN: [
    'The job was over and its VM gone when the daemon could look at both again, so nobody can tell why the job failed.',
    "Read the job's log at GitHub. Find why the daemon slept or could not reach the host.",
  ],
  RUNNER_CONFIG_LOST: [
    "A restart of the daemon lost the runner's configuration, which is kept in memory only.",
    'Nothing: a new one is fetched under a new name.',
  ],
  RUNNER_NAME_TAKEN: [
    'GitHub already has a runner with this name.',
    'Nothing: the next name is used. If it repeats, two daemons share one `controller.id`: give each its own.',
  ],
  RUNNER_UNUSED: [
    'The runner was online and got no job within `controller.vm_idle_timeout`.',
    "Check that the runner's labels and its group fit the job; a job may also wait for an approval.",
  ],
  RUNNER_MAY_APPEAR: [
    'The answer to a registration was lost, so a runner may still appear.',
    'Nothing: the daemon looks for the name of the runner until `timeouts.create_settle` is over.',
  ],
  RUNNER_BUSY: [
    'GitHub says that the runner has a job.',
    'Nothing: GitHub ends that within minutes, or the job ends. No busy runner is removed.',
  ],
  JIT_UNSUPPORTED: [
    'This GitHub has no JIT configurations.',
    'Nothing: registration tokens are used. Update GitHub Enterprise Server when you can.',
  ],
  RUNNER_GROUP_UNKNOWN: [
    'The runner group does not exist.',
    'Correct `runner.group`, or let an administrator of the organization create the group.',
  ],
  REPOSITORY_UNKNOWN: [
    'The repository of the job is no longer in the config.',
    'Add it to `github.repositories` again if its jobs are to be served.',
  ],
  REPOSITORY_GONE: [
    'The repository of the job was deleted, or the credentials lost access to it.',
    'If it was deleted, remove it from the config. Otherwise give the token or the App access to it again.',
  ],
  JOB_NO_LONGER_QUEUED: [
    'The job was cancelled, or another runner took it, while its VM was prepared.',
    'Nothing.',
  ],
  JOB_OUTCOME_UNKNOWN: [
    'The job seems to be over, but GitHub still reports it as in progress.',
    'Nothing: GitHub is asked again until `timeouts.completion_grace` is over; a runner that goes on keeps its VM.',
  ],
  PROFILE_UNKNOWN: [
    'The job was begun with a label that is no longer in the config.',
    'Add the label again until its jobs have ended, then remove it.',
  ],
  PROFILE_DIFFERS: [
    'After an exchange of two jobs, the new job needs a VM of another profile.',
    'Nothing: it is queued again at once.',
  ],
  LIFETIME_EXCEEDED: [
    'The VM is older than its `lifetime_seconds`, and the agent did not power it off. It is removed when no job runs in it.',
    'Make the job shorter, give it `timeout-minutes`, or raise `lifetime_seconds` of the label.',
  ],
  PHASE_TIMED_OUT: [
    'A state took longer than its deadline; the message has the last answer.',
    'Look up that failure in this table. Raise the key under `timeouts` only if the work was merely slow.',
  ],
  GITHUB_UNREACHABLE: [
    'GitHub did not answer, or a proxy answered in its place.',
    "Check this machine's network, its proxies and `github.api_url`.",
  ],
  GITHUB_REDIRECTED: [
    'GitHub redirects the request to another address, so it was not carried out.',
    'Correct `github.owner` and the names of the repositories. If the message names an address that is not GitHub, check `github.api_url` and the network.',
  ],
  GITHUB_RATE_LIMITED: [
    'The rate limit of GitHub is used up, or GitHub asks the daemon to wait.',
    'Nothing: the daemon goes on at the time in the message. If it repeats, poll less often, or use webhooks or an App.',
  ],
  GITHUB_CREDENTIALS_REFUSED: [
    'GitHub does not accept the token or the App.',
    'Give a new token, or correct `app_id`, the private key and `installation_id`.',
  ],
  GITHUB_PERMISSION_MISSING: [
    'The token or the App lacks a permission.',
    'Let an administrator of the account grant the permission that the message names; `check` tries each one.',
  ],
  GITHUB_NOT_FOUND: [
    'What was asked for does not exist, or the credentials may not see it.',
    'Check `github.owner`, the repositories and the permissions.',
  ],
  GITHUB_REQUEST_REFUSED: [
    'GitHub refuses a request of the daemon as wrong.',
    'Report it, with the message.',
  ],
  GITHUB_ERROR: ['GitHub failed.', 'Nothing: it is tried again. Look at githubstatus.com.'],
  OPERATOR_CANCELLED: [
    'An operator cancelled the job here, on the page or by the API; the journal says who.',
    'Nothing here. GitHub still has the job: cancel it there as well, or it waits there.',
  ],
  OPERATOR_FORGOT: [
    'An operator ended the record of the job as it was; the journal says who.',
    'Nothing: the collector removes what is left of its VM and runner. GitHub may still have the job.',
  ],
  UNEXPECTED: ['A fault of this program.', 'Report it, with the lines of the log before and after it.'],
};
