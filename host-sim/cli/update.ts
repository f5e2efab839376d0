/**
 * `npm run update`: the maker's key, files of updates for a board from its builds, what is in such a file, and how it comes
 * to devices by the stand-in. What one costs a device is said before anybody sends it.
 */
import { Command } from "./command";
import { examplePart } from "./update-example";
import { inspectPart } from "./update-inspect";
import { keygenPart } from "./update-keygen";
import { diffPart, packPart } from "./update-pack";
import { rolloutPart, uploadPart } from "./update-stand-in";
import { verifyPart } from "./update-verify";

/** The `update` command. */
export function updateCommand(): Command {
  const command = new Command("update")
    .configureHelp({ commandUsage: () => "npm run update -- <part> [options]" })
    .enablePositionalOptions()
    .helpCommand("help [part]", "show the help of a part");
  const parts = [
    keygenPart(),
    packPart(),
    diffPart(),
    verifyPart(),
    inspectPart(),
    uploadPart(),
    rolloutPart(),
    examplePart(),
  ];
  for (const part of parts) command.addCommand(part.exitOverride());
  return command;
}
