/**
 * Options that npm kept to itself, because the `--` before them is missing: `npm start --seed 5` runs the script with
 * the argument 5 or with none, and the option is in the environment as `npm_config_seed`.
 *
 * npm's own settings are there in the same way, and those of its files and of scripts around this one. So only what
 * is an option of the command and no setting of npm's counts, unless a file of npm's has it or the command line, too.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project";
import type { Command } from "commander";

/** Settings of npm, or of builders that read them as npm's, whose names are those of our options, too. */
const npmsOwn: ReadonlySet<string> = new Set(["json", "force", "dry-run", "only", "link", "target"]);
/** Options whose values may be secrets, such as the PIN of a card. */
const secret: ReadonlySet<string> = new Set(["setting", "set", "try"]);
/** What a shell takes for one word, and what is short enough to be shown. */
const plain = /^[\w.,:/-]{1,60}$/;

/** How npm calls a command. */
export function calledBy(name: string): string {
  return name === "start" ? "npm start" : `npm run ${name}`;
}

/** Whether npm runs this command, so that a `--` may be missing. */
export function isRunByNpm(name: string, environment: NodeJS.ProcessEnv): boolean {
  return environment.npm_lifecycle_event === name;
}

/**
 * What to say when npm kept options of this command.
 *
 * @param args what npm handed on
 * @returns undefined when it kept none, as far as that can be told
 */
export function takenByNpm(
  command: Command,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (!isRunByNpm(command.name(), environment)) return undefined;
  const part = command.commands.find((each) => each.name() === args[0]);
  const called = calledBy(command.name());
  if (part === undefined) return keptOf(command, called, "--", args, environment);
  return keptOf(part, called, `-- ${part.name()}`, args.slice(1), environment);
}

/** @param dashes what stands between the script and its options */
function keptOf(
  command: Command,
  called: string,
  dashes: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const kept = command.options.flatMap((option) => {
    const { long, negate } = option;
    if (long === undefined || args.some((word) => word.split("=")[0] === long)) return [];
    const name = long.replace(/^--(no-)?/, "");
    const value = environment[`npm_config_${name.replaceAll("-", "_")}`];
    // npm has an empty text for "no".
    if (value === undefined || negate !== (value === "") || isInFile(name, environment)) return [];
    return [{ option, name, value }];
  });
  if (kept.every(({ name }) => npmsOwn.has(name))) return undefined;
  const behind = args.findIndex((word) => word.startsWith("-"));
  const loose = behind < 0 ? args.slice() : args.slice(0, behind);
  // npm takes an option that it does not know for one without a value, and the value for an argument.
  const lacking = kept.filter(({ option, value }) => option.required && value === "true");
  const isClear = lacking.length === 1 && loose.length === 1 && command.registeredArguments.length === 0;
  const words = kept.map(({ option, name, value }) => {
    if (!option.required && !option.optional) return option.long;
    const given = value !== "true" ? value : isClear ? loose[0] : undefined;
    const shown = given !== undefined && plain.test(given) && !secret.has(name);
    return `${option.long}${shown ? ` ${given}` : option.flags.slice(option.long!.length)}`;
  });
  const own = command.registeredArguments
    .filter(({ required }) => required)
    .map((argument) => `<${argument.name()}>`);
  const others = args.slice(loose.length).filter((word) => plain.test(word));
  const names = kept.filter(({ name }) => !npmsOwn.has(name)).map(({ option }) => option.long);
  return (
    `npm kept ${names.join(" and ")} to itself: what is meant for ${called} stands behind --, ` +
    `as in: ${[called, dashes, ...own, ...words, ...others].join(" ")}`
  );
}

/** Whether one of npm's files has a setting of this name; its value is not looked at. */
function isInFile(name: string, environment: NodeJS.ProcessEnv): boolean {
  const { npm_config_userconfig: user, npm_config_globalconfig: all } = environment;
  return [join(projectRoot(), ".npmrc"), user, all].some((file) => {
    if (file === undefined || !existsSync(file)) return false;
    try {
      return new RegExp(`^\\s*${name}\\s*(?:\\[\\])?\\s*(?:=|$)`, "m").test(readFileSync(file, "utf8"));
    } catch {
      // Nobody's to read, npm's neither.
      return false;
    }
  });
}
