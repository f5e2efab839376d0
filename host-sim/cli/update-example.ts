/** `npm run update -- example`: images of a simulated board, before and after a change, for whoever has no SDK. */
import { join } from "node:path";
import { exampleFirmware } from "../tools/update/example-images";
import { writeWholeFile } from "../tools/update/whole-file";
import { Option, Part } from "./command";
import { systemReason, unwritten } from "./misuse";

/** What may have changed, in a word, and how it is called where it is made. */
const changes = { lines: "nine lines", constant: "constant", panic: "panic", deaf: "mute" } as const;
type ChangeWord = keyof typeof changes;

interface ExampleFlags {
  out: string;
  change: ChangeWord;
}

/** The part `example`. */
export function examplePart(): Part {
  return new Part("example")
    .description(
      "write two images of a simulated board's firmware, 0.2.0 and a changed 0.3.0, to try the rest with",
    )
    .configureHelp({ commandUsage: () => "npm run update -- example --out FOLDER [options]" })
    .addOption(new Option("--out <folder>", "the folder for them").makeOptionMandatory())
    .addOption(
      new Option(
        "--change <what>",
        "what has changed: nine lines, a constant; it panics; it never hears the cloud",
      )
        .choices(Object.keys(changes))
        .default("lines"),
    )
    .action(example) as Part;
}

async function example({ out, change }: ExampleFlags): Promise<void> {
  const images = [await exampleFirmware("0.2.0", []), await exampleFirmware("0.3.0", [changes[change]])];
  for (const { version, image } of images) {
    const file = join(out, `${version}.bin`);
    try {
      // They are the same each time, so that nothing is lost.
      writeWholeFile(file, image, true);
    } catch (error) {
      throw unwritten(`cannot write ${file}: ${systemReason(error)}`, error);
    }
    process.stdout.write(`written: ${file}, ${image.length} bytes\n`);
  }
}
