/**
 * A command's way through the modem: whether it is taken at all, whether its manual allows it, how long it
 * takes, what its family's rule answers, and whether the prompt that this asks for comes in time.
 */
import type { Random } from "../time/random";
import { parseAtCommand } from "./at-command";
import type { AtCommand } from "./at-command";
import type { AtAnswer, AtExecution, AtFailure } from "./at-responder";
import { badParameter, done, line, notSupported, ordinaryDelay } from "./commands/common";
import type { CommandRule, Family, Unit } from "./family";
import type { Quirks } from "./quirks";
import { longestAnswer } from "./manual/manual";
import type { ManualRow, ManualTable } from "./manual/manual";
import { Trouble } from "./trouble";

export interface CommandExecutionOptions {
  /** The modem's own stream: each command draws from it. */
  readonly random: Random;
  readonly family: Family;
  readonly quirks: Quirks;
  /** What the modem's firmware takes; whatever has a rule when left out. */
  readonly manual?: ManualTable;
  readonly unit: () => Unit;
  /** Runs `run` after `delay` ms unless the modem restarts before. */
  readonly later: (delay: number, run: () => void) => void;
  readonly reboot: (reason: string) => void;
  /** A command that gets no answer. */
  readonly dropped: (reason: "deaf" | "busy") => void;
}

/** Takes commands, or does not. */
export class CommandExecution {
  readonly trouble: Trouble;
  /** Commands are taken, not only received. */
  serving = false;
  readonly #options: CommandExecutionOptions;

  constructor(options: CommandExecutionOptions) {
    this.#options = options;
    const { random, quirks, family } = options;
    this.trouble = new Trouble(random, quirks, family.restartCommand);
  }

  /** What the command does, and when; `undefined` for one that gets no answer. */
  execute(command: AtCommand): AtExecution | undefined {
    const { random, manual, quirks, unit, later, reboot, dropped } = this.#options;
    if (!this.trouble.hears(command)) {
      dropped("deaf");
      return undefined;
    }
    if (!this.serving) {
      dropped("busy");
      return undefined;
    }
    const row = manual?.row(command.name);
    const failure = manual?.refusal(command) ?? refusedByQuirk(quirks, command);
    const rule = this.#rule(command.name);
    const slow = rule?.delayed === undefined || rule.delayed === command.form;
    const [least, most] = (failure === undefined && slow ? rule?.delay : undefined) ?? ordinaryDelay;
    const ordinary = this.trouble.slowdown * random.between(least, most);
    const longest = row === undefined ? 0 : longestAnswer(row, command.form);
    const delay = quirks.slowCommands === true ? Math.max(ordinary, 0.9 * longest) : ordinary;
    if (failure !== undefined) return { delay, run: () => ({ failure }) };
    if (this.trouble.breaksAt(command)) {
      later(delay / 2, () => reboot(`in the middle of ${command.name}`));
    }
    const otherwise = row !== undefined && command.form === "test" ? tested(row) : notSupported;
    const answer = (): AtAnswer => worded(rule?.run(unit(), command) ?? otherwise, manual, row);
    return { delay, run: () => this.#prompting(answer()) };
  }

  /**
   * Does at once and unseen what a command does, for one that was told to the modem before this life of it.
   * @throws RangeError for a command that it would have refused
   */
  replay(text: string): void {
    const { manual, unit } = this.#options;
    const command = parseAtCommand(text);
    const refused = command === undefined || manual?.refusal(command) !== undefined;
    const answer = refused ? undefined : this.#rule(command.name)?.run(unit(), command);
    if (answer === undefined || answer.failure !== undefined) throw new RangeError(`${text}: refused`);
  }

  #rule(name: string): CommandRule | undefined {
    const { family, manual } = this.#options;
    const row = manual?.row(name);
    return family.commands.get(name) ?? (row === undefined ? undefined : kept(row));
  }

  /** A prompt that is late, or does not come. */
  #prompting(answer: AtAnswer): AtAnswer {
    if (answer.prompt === undefined) return answer;
    const { random, quirks } = this.#options;
    if (quirks.noPrompt !== undefined && random.chance(quirks.noPrompt)) {
      return { ...answer, prompt: { ...answer.prompt, sign: "" } };
    }
    // Some come when the driver has given them up already.
    if (quirks.slowPrompt === true) {
      return { ...answer, prompt: { ...answer.prompt, delay: random.between(500, 8_000) } };
    }
    return answer;
  }
}

function refusedByQuirk({ refuses }: Quirks, { name, form }: AtCommand): AtFailure | undefined {
  return refuses?.some((each) => each === name || each === `${name} ${form}`) === true ? "ERROR" : undefined;
}

/** An answer in which what a rule refuses by habit is refused as this manual has it. */
function worded(answer: AtAnswer, manual: ManualTable | undefined, row: ManualRow | undefined): AtAnswer {
  const { failure } = answer;
  const usual = failure === badParameter.failure || failure === notSupported.failure;
  return manual === undefined || row === undefined || !usual
    ? answer
    : { ...answer, failure: manual.wording(row) };
}

/** The answer to the test form of a command whose rule has none. */
function tested({ command, test }: ManualRow): AtAnswer {
  return test === undefined ? done : line(`${command}: ${test}`);
}

/** A command that the manual lists and the simulation does nothing with: as a setting it is kept. */
function kept(row: ManualRow): CommandRule {
  const { command, factory } = row;
  const key = `kept ${command}`;
  return {
    run(unit, { form, args }) {
      if (form === "test") return tested(row);
      const { own } = unit.nvram;
      if (form === "read") {
        const value = own.get(key) ?? factory;
        return value === undefined ? done : line(`${command}: ${value}`);
      }
      if (form === "set" && factory !== undefined) {
        own.set(key, args.map(({ text, quoted }) => (quoted ? `"${text}"` : text)).join(","));
      }
      return done;
    },
  };
}
