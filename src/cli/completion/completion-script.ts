import type { Argument, Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** What can be typed after a command. */
interface Place {
  /** The words of the command, without the program's name: `simulate world`. */
  path: string;
  about: string;
  /** Commands below it, or values of its first argument. */
  words: { word: string; about: string }[];
  options: { flags: string[]; about: string; values: 'none' | 'file' | 'any' | readonly string[] }[];
  takesFile: boolean;
}

/** Returns the script that completes the commands, options and values of a program in a shell. */
export function completionScript(program: Command, shell: (typeof SHELLS)[number]): string {
  const places = placesOf(program, '');
  const name = program.name();
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](name, places);
}

function placesOf(command: Command, path: string): Place[] {
  const below = command.commands.filter((one) => one.name() !== 'help');
  const [argument] = command.registeredArguments as Argument[];
  const help = { flags: ['--help'], about: 'show help', values: 'none' as const };
  return [
    {
      path,
      about: command.description(),
      words: [
        ...below.map((one) => ({ word: one.name(), about: one.description() })),
        ...(argument?.argChoices ?? []).map((word) => ({ word, about: argument?.description ?? '' })),
      ],
      options: [...command.options.map(optionOf), help],
      takesFile: /file/.test(argument?.name() ?? ''),
    },
    ...below.flatMap((one) => placesOf(one, `${path} ${one.name()}`.trim())),
  ];
}

function optionOf({ long, short, description, argChoices, flags, required, optional }: Option) {
  const takes = required || optional;
  const values = argChoices ?? (!takes ? 'none' : /<file>/.test(flags) ? 'file' : 'any');
  return {
    flags: [long, short].filter((flag) => typeof flag === 'string'),
    about: description,
    values: values as Place['options'][number]['values'],
  };
}

const flagsOf = ({ options }: Place) => options.flatMap(({ flags }) => flags);
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The lines of a shell's `case` that find the command from the words typed so far. */
function steps(places: Place[], variable: string): string[] {
  return places
    .filter(({ path }) => path !== '')
    .map(({ path }) => {
      const words = path.split(' ');
      const last = words.pop() ?? '';
      return `      ${quoted(`${words.join(' ')} ${last}`)}) ${variable}=${quoted(path)} ;;`;
    });
}

/** The lines of a shell's `case` over the options that take a value. */
function values(
  places: Place[],
  files: string,
  choices: (words: readonly string[]) => string,
  any: string,
): string[] {
  return places.flatMap(({ path, options }) =>
    options
      .filter((option) => option.values !== 'none')
      .map(({ flags, values: kind }) => {
        const what = kind === 'file' ? files : kind === 'any' || kind === 'none' ? any : choices(kind);
        return `    ${flags.map((flag) => quoted(`${path} ${flag}`)).join('|')}) ${what}; return ;;`;
      }),
  );
}

function bashScript(name: string, places: Place[]): string {
  return `# Completion of ${name} in bash. For every new shell: ${name} completion bash > ~/.local/share/bash-completion/completions/${name}
_jeballto_runner() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} place='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
${steps(places, 'place').join('\n')}
    esac
  done
  case "$place $previous" in
${values(
  places,
  'COMPREPLY=()',
  (words) => `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$current"))`,
  'COMPREPLY=()',
).join('\n')}
  esac
  case "$place" in
${places
  .map((place) => {
    const typed = [...place.words.map(({ word }) => word), ...flagsOf(place)];
    return `    ${quoted(place.path)}) words=${quoted(typed.join(' '))} ;;`;
  })
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
# Where nothing fits, bash offers files.
complete -o default -F _jeballto_runner ${name}
`;
}

function zshScript(name: string, places: Place[]): string {
  const described = ({ word, about }: Place['words'][number]) =>
    quoted(`${word.replaceAll(':', '\\:')}:${about}`);
  return `#compdef ${name}
# Completion of ${name} in zsh. For every new shell: ${name} completion zsh > a folder of $fpath/_${name}
_jeballto_runner() {
  local place='' word previous=\${words[CURRENT-1]}
  local -a found
  for word in \${words[2,CURRENT-1]}; do
    case "$place $word" in
${steps(places, 'place').join('\n')}
    esac
  done
  case "$place $previous" in
${values(places, '_files', (words) => `compadd -- ${words.map(quoted).join(' ')}`, '_message value').join('\n')}
  esac
  case "$place" in
${places
  .map((place) => {
    const options = place.options.map(({ flags: [flag = ''], about }) => described({ word: flag, about }));
    const offer = [
      `found=(${[...place.words.map(described), ...options].join(' ')}); _describe '${name}' found`,
      ...(place.takesFile ? ['_files'] : []),
    ];
    return `    ${quoted(place.path)}) ${offer.join('; ')} ;;`;
  })
  .join('\n')}
  esac
}
if [ "\${funcstack[1]}" = _${name} ]; then _jeballto_runner "$@"; else compdef _jeballto_runner ${name}; fi
`;
}

function fishScript(name: string, places: Place[]): string {
  const lines = places.flatMap(({ path, words, options, takesFile }) => {
    const last = path.split(' ').at(-1) ?? '';
    const where = path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${last}`;
    const start = `complete -c ${name} -n ${quoted(where)}`;
    return [
      ...words.map(({ word, about }) => `${start} -f -a ${quoted(word)} -d ${quoted(about)}`),
      ...(takesFile ? [`${start} -F`] : []),
      ...options.map(({ flags, about, values: kind }) => {
        const names = flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        const takes =
          kind === 'none'
            ? ''
            : kind === 'file'
              ? ' -r -F'
              : kind === 'any'
                ? ' -x'
                : ` -x -a ${quoted(kind.join(' '))}`;
        return `${start} ${names.join(' ')}${takes} -d ${quoted(about)}`;
      }),
    ];
  });
  return `# Completion of ${name} in fish. For every new shell: ${name} completion fish > ~/.config/fish/completions/${name}.fish
complete -c ${name} -f
${lines.join('\n')}
`;
}
