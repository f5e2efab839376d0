/**
 * The one command line behind `npm start` and the `npm run` commands.
 */
import { Command, CommanderError } from "commander";
import { serveTrials } from "../tools/chaos/campaign";
import { benchCommand } from "./bench";
import { chaosCommand } from "./chaos";
import { cloudCommand } from "./cloud";
import { deviceCommand } from "./device";
import { energyCommand } from "./energy";
import { footprintCommand } from "./footprint";
import { fuzzCommand } from "./fuzz";
import { CommandError } from "./misuse";
import { modemCommand } from "./modem";
import { modelCommand } from "./model";
import { picturesCommand } from "./pictures";
import { provisionCommand } from "./provision";
import { startCommand } from "./start";

// The same file runs the workers of a campaign, which have no command line.
if (!serveTrials()) await obey();

async function obey(): Promise<void> {
  const program = new Command("enos-nbiot-xs")
    .description("Firmware for NB-IoT devices on EnOS, and the simulation that runs it")
    .showHelpAfterError("(--help shows the options)");

  const commands = [
    startCommand(),
    cloudCommand(),
    deviceCommand(),
    benchCommand(),
    fuzzCommand(),
    chaosCommand(),
    modelCommand(),
    modemCommand(),
    picturesCommand(),
    provisionCommand(),
    footprintCommand(),
    energyCommand(),
  ];
  for (const command of commands) {
    command.exitOverride();
    // A value behind "=" may be a secret, given where none is taken.
    command.configureOutput({
      outputError: (text, write) => write(text.replace(/(--[\w-]+)=[^']*/g, "$1=…")),
    });
    program.addCommand(command);
  }
  program.exitOverride();

  // A reader that has seen enough, such as `head`, closes the pipe: that is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });

  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong; help and version leave with 0.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else if (error instanceof CommandError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = error.exitCode;
    } else {
      throw error;
    }
  }
}
