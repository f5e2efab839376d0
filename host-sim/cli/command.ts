/**
 * Commands, options and arguments of the command line. Commander takes them apart; what is wrong with them is said
 * here, in one line with exit code 2: what is wrong, where, and how to mend it. A line quotes neither what stands
 * behind `=` of an option that nobody knows nor an argument that nobody asked for, for either may be a secret.
 */
import * as commander from "commander";
import { nearest } from "../cloud/nearest";
import { escaped } from "../model/escaped";
import { UnfinishedError, exclusive, misuse } from "./misuse";
import { calledBy, isRunByNpm } from "./npm-dashes";
import { projectVersion } from "./version";

/** Longest word of a user's that is quoted, characters. */
const longestQuoted = 40;

/** An option whose choices are told in our words. */
export class Option extends commander.Option {
  /** Whether it may be given again, as `--set` may for each setting. */
  repeats = false;

  /** It may be given again. */
  repeatable(): this {
    this.repeats = true;
    return this;
  }

  override choices(values: readonly string[]): this {
    super.choices(values);
    return this.argParser((value: string) => chosen(this.long!, value, values));
  }
}

/** An argument whose choices are told in our words. */
export class Argument extends commander.Argument {
  override choices(values: readonly string[]): this {
    super.choices(values);
    return this.argParser((value: string) => chosen(`<${this.name()}>`, value, values));
  }
}

function chosen(what: string, value: string, values: readonly string[]): string {
  if (values.includes(value)) return value;
  // Of what is as short as a coverage level anything is near.
  const near = value.length < 3 ? undefined : nearest(value, values);
  const mend = near === undefined ? "" : `: did you mean ${near}?`;
  throw misuse(`${what} takes ${alternatives(values)}, got "${quoted(value)}"${mend}`);
}

/** A command with `--help` and `--version`, whose faults are ours. */
export class Command extends commander.Command {
  constructor(name?: string) {
    super(name);
    this.helpOption("-h, --help", "show this help");
    this.addVersion();
  }

  /** The project's version; a part of a command may have another meaning for the word. */
  protected addVersion(): void {
    const { name: project, version } = projectVersion();
    this.version(`${project} ${version}`, "--version", "show the project's version");
  }

  override createOption(flags: string, description?: string): Option {
    return new Option(flags, description);
  }

  override createArgument(name: string, description?: string): Argument {
    return new Argument(name, description);
  }

  /**
   * Finds an option that lacks its value before the next option passes for it, one whose value is empty, which is a shell's
   * variable that is not set, and one that is given twice, of which Commander would take the last.
   */
  override parseOptions(args: string[]): commander.ParseOptionsResult {
    const end = args.indexOf("--");
    const words = end < 0 ? args : args.slice(0, end);
    const given = new Set<commander.Option>();
    for (const [i, word] of words.entries()) {
      const [name, ...behind] = word.split("=");
      const option = this.options.find(({ long }) => long === name);
      if (option === undefined) continue;
      const next = words[i + 1];
      const isAlone = behind.length === 0;
      const isOption = next !== undefined && this.options.some(({ long }) => long === next.split("=")[0]);
      if (isAlone && option.required && isOption) this.optionMissingArgument(option);
      const value = isAlone ? next : behind.join("=");
      // One that is refused as such says so itself.
      if ((option.required || option.optional) && value === "" && !option.hidden) {
        throw misuse(`${name} has an empty value: ${option.flags}, ${option.description}`);
      }
      if (given.has(option) && !(option as Option).repeats) {
        throw misuse(`${name} is given twice: leave one of them out`);
      }
      given.add(option);
    }
    return super.parseOptions(args);
  }

  /** What of Commander's has no words of ours. @throws CommandError */
  override error(message: string): never {
    throw misuse(message.replace(/^error: /, "").split("\n")[0]);
  }

  // Commander calls what follows when something is wrong; each throws CommandError.

  unknownOption(flag: string): never {
    const name = flag.split("=")[0];
    const known = this.options.find(({ long }) => long === name);
    if (known !== undefined) {
      throw misuse(`${name} takes no value: leave out what stands behind it`);
    }
    const names = this.createHelp()
      .visibleOptions(this)
      .flatMap(({ long }) => long ?? []);
    const near = nearest(name.replace(/^-+/, "--"), names);
    const mend = near === undefined ? "" : `did you mean ${near}? `;
    throw misuse(`${this.called} has no option ${quoted(name)}: ${mend}${this.begun} --help lists them`);
  }

  optionMissingArgument({ long, flags, description }: commander.Option): never {
    throw new UnfinishedError(`${long} needs a value: ${flags}, ${description}`);
  }

  missingMandatoryOptionValue({ flags, description }: commander.Option): never {
    // An option with a typing error may be the one that is missing.
    const unknown = this.args.find((word) => /^--?[a-z]/i.test(word));
    if (unknown !== undefined) this.unknownOption(unknown);
    throw new UnfinishedError(`${this.called} needs ${flags}: ${description}`);
  }

  missingArgument(name: string): never {
    const { description } = this.registeredArguments.find((argument) => argument.name() === name)!;
    throw new UnfinishedError(`${this.called} needs <${name}>: ${description}`);
  }

  _conflictingOption(one: commander.Option, other: commander.Option): never {
    throw exclusive(one.long!, other.long!);
  }

  _excessArguments(received: readonly string[]): never {
    const [taken] = this.registeredArguments;
    const takes = taken === undefined ? "no argument" : `one argument, <${taken.name()}>`;
    const names = this.options.flatMap(({ long }) => long ?? []);
    const words = received.filter((word) => word.length > 2);
    const meant = words.map((word) => nearest(`--${word}`, names)).find((near) => near !== undefined);
    const mend = meant === undefined ? "" : `, did you mean ${meant}?`;
    const remedy = isRunByNpm(this.script, process.env)
      ? `options stand behind "${this.begun}"${mend}`
      : `options begin with --${mend}`;
    throw misuse(`${this.called} takes ${takes}, got ${received.length}: ${remedy}`);
  }

  unknownCommand(): never {
    return this.refuseCommand(this.args[0]);
  }

  /** @throws CommandError that names the command which was meant */
  refuseCommand(given: string): never {
    const names = this.commands.map((command) => command.name());
    const near = nearest(given, names);
    const mend = near === undefined ? "" : `did you mean ${near}? `;
    throw misuse(`there is no command "${quoted(given)}": ${mend}${this.begun} help lists them`);
  }

  /** How it is called from the project's folder. */
  get called(): string {
    return this.isProgram ? "node host-sim/cli/run.mjs" : calledBy(this.script);
  }

  /** The same with what stands before its options. */
  protected get begun(): string {
    return this.isProgram ? this.called : `${this.called} --`;
  }

  /** The script of package.json that runs it. */
  protected get script(): string {
    return this.name();
  }

  private get isProgram(): boolean {
    return this.name() === projectVersion().name;
  }
}

/** A part of a command, such as `pack` of `npm run update -- pack`: a word of its own, and options of its own. */
export class Part extends Command {
  protected override addVersion(): void {
    // Commander takes a word of the command's for its own option otherwise.
  }

  override get called(): string {
    return `${super.called} -- ${this.name()}`;
  }

  protected override get begun(): string {
    return this.called;
  }

  protected override get script(): string {
    return this.parent?.name() ?? this.name();
  }
}

function quoted(text: string): string {
  return escaped(text.length > longestQuoted ? `${text.slice(0, longestQuoted)}…` : text);
}

/** `a`, `a or b`, `a, b or c`. */
function alternatives(values: readonly string[]): string {
  if (values.length < 2) return values.join();
  return `${values.slice(0, -1).join(", ")} or ${values[values.length - 1]}`;
}
