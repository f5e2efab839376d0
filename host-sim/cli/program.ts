/**
 * The command line's commands, and what becomes of a mistake: one line and an exit code.
 */
import { CommanderError } from "commander";
import { escapedLines } from "../model/escaped";
import { Command } from "./command";
import { CommandError, misuse } from "./misuse";
import { takenByNpm } from "./npm-dashes";

/** What a command does, in a line, and where it is: each loads what it uses, and nothing of the others. */
interface Entry {
  /** Its argument, as the list of commands shows it. */
  readonly takes?: string;
  readonly does: string;
  readonly load: () => Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  start: {
    does: "simulate one device: power-on, attach, authentication, reports, a command, sleep",
    load: async () => (await import("./start")).startCommand(),
  },
  cloud: {
    does: "serve as EnOS for real devices and any CoAP client, without DTLS",
    load: async () => (await import("./cloud")).cloudCommand(),
  },
  device: {
    does: "run the firmware on this PC over real UDP",
    load: async () => (await import("./device")).deviceCommand(),
  },
  bench: {
    does: "measure codec, exchanges, endurance, XS cost per report, and the simulation's speed",
    load: async () => (await import("./bench")).benchCommand(),
  },
  fuzz: {
    does: "throw random and hostile input at the CoAP decoder, endpoint and block-wise transfer",
    load: async () => (await import("./fuzz")).fuzzCommand(),
  },
  chaos: {
    takes: "[merge]",
    does: "torment simulated devices with random faults, and check that no reading is lost",
    load: async () => (await import("./chaos")).chaosCommand(),
  },
  fleet: {
    takes: "[merge]",
    does: "simulate thousands of devices with their cells and one cloud, in shards if need be",
    load: async () => (await import("./fleet")).fleetCommand(),
  },
  model: {
    takes: "<file>",
    does: "write firmware code, EnOS parsing script and layout table of a thing model",
    load: async () => (await import("./model")).modelCommand(),
  },
  modem: {
    takes: "[family]",
    does: "a simulated modem on a pseudo-terminal, whose UDP sockets really send; or who a real one is",
    load: async () => (await import("./modem")).modemCommand(),
  },
  monitor: {
    does: "show a real board's log as a run: timeline, counters, estimated joules, report",
    load: async () => (await import("./monitor")).monitorCommand(),
  },
  pictures: {
    does: "make docs/pictures anew, in headless Chromium: a lost answer, its power, the console",
    load: async () => (await import("./pictures")).picturesCommand(),
  },
  provision: {
    does: "write a device's keys into an NVS image that is flashed to its board",
    load: async () => (await import("./provision")).provisionCommand(),
  },
  update: {
    takes: "<part>",
    does: "firmware updates: the maker's key, files for a board, what they cost, rollout in stages",
    load: async () => (await import("./update")).updateCommand(),
  },
  footprint: {
    does: "measure bytecode per module and the RAM of a session, on XS",
    load: async () => (await import("./footprint")).footprintCommand(),
  },
  energy: {
    takes: "[merge]",
    does: "how long does my battery last, and what should I change",
    load: async () => (await import("./energy")).energyCommand(),
  },
};

/** The names of all commands. */
export const commandNames: readonly string[] = Object.keys(commands);

/** One of them with its options, for whoever wants to know what it takes. @throws RangeError for another name */
export async function commandNamed(name: string): Promise<Command> {
  const entry = commands[name];
  if (entry === undefined) throw new RangeError(`no command "${name}"`);
  return (await entry.load()).name(name).description(entry.does);
}

/**
 * Does what a command line says, and sets the process's exit code: 2 for misuse, 1 for a failure.
 *
 * @param args the words behind the program's name
 * @throws whatever is no mistake of the user's
 */
export async function obey(args: readonly string[]): Promise<void> {
  const program = new Command("enos-nbiot-xs")
    .description("Firmware for NB-IoT devices on EnOS, and the simulation that runs it")
    .helpCommand("help [command]", "show the help of a command")
    .configureHelp({ subcommandTerm: (command) => termOf(command.name()) })
    // What stands behind a command's name is the command's, `--version` too.
    .enablePositionalOptions()
    .exitOverride();
  try {
    // "help start" is "start --help"; a list of all commands needs no more of them than a line.
    const called = args[0] === "help" ? args[1] : args[0];
    for (const [name, { does, load }] of Object.entries(commands)) {
      const command = (name === called ? await load() : new Command(name)).description(does).exitOverride();
      if (name === args[0]) refuseTaken(command, args.slice(1));
      program.addCommand(command);
    }
    if (args[0] === "help" && called !== undefined && !(called in commands)) program.refuseCommand(called);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help or version was asked for, or nothing at all, which is answered with the help.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else if (error instanceof CommandError) {
      process.stderr.write(`${escapedLines(error.message)}\n`);
      process.exitCode = error.exitCode;
    } else {
      throw error;
    }
  }
}

/** @throws CommandError when npm kept options that were meant for the command */
function refuseTaken(command: Command, args: readonly string[]): void {
  const taken = takenByNpm(command, args, process.env);
  if (taken !== undefined) throw misuse(taken);
}

/** How the list of commands shows one. */
function termOf(name: string): string {
  if (name === "help") return "help [command]";
  return `${name} [options] ${commands[name].takes ?? ""}`.trim();
}
