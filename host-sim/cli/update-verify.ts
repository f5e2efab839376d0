/** `npm run update -- verify`: whether a device with a maker's key would take a file, all but for its own version. */
import { isSignedBy, readPublicKey } from "../tools/update/maker-key";
import { unpackedImage } from "../tools/update/package-reader";
import { Option, Part } from "./command";
import { CommandError, misuse } from "./misuse";
import { readImageFile, readPackageFile } from "./update-files";
import { headLine } from "./update-text";

interface VerifyFlags {
  publicKey: readonly Uint8Array[];
  base?: string;
}

/** Keys that a device may know at once. */
const mostKeys = 2;

/** The part `verify`. */
export function verifyPart(): Part {
  return new Part("verify")
    .description("check a file's signature, its chunks, and the image that they make")
    .configureHelp({ commandUsage: () => "npm run update -- verify FILE --public-key HEX [--base IMAGE]" })
    .argument("<file>", "the file of an update")
    .addOption(
      new Option("--public-key <hex>", "the maker's, as the setting updateKey has it")
        .argParser(publicKeysOption)
        .makeOptionMandatory(),
    )
    .option("--base <image>", "of a difference, the .bin file that is on the devices")
    .action(verify) as Part;
}

function publicKeysOption(text: string): readonly Uint8Array[] {
  const keys = text.split(",").map((each) => readPublicKey(each.trim()));
  if (keys.length > mostKeys || keys.some((key) => key === undefined)) {
    throw misuse(
      "--public-key takes 128 hex digits, a point of P-256, or two of them with a comma between: keygen prints them",
    );
  }
  return keys as Uint8Array[];
}

function verify(file: string, { publicKey: keys, base: baseFile }: VerifyFlags): void {
  const made = readPackageFile(file);
  const { head } = made;
  if (!keys.some((key) => isSignedBy(key, head.signed, head.signature))) {
    throw new CommandError(
      1,
      `${file} is not signed by ${keys.length === 1 ? "this key" : "either key"}: no device takes it`,
    );
  }
  if (head.kind === "whole" && baseFile !== undefined) {
    throw misuse(`--base: ${file} is a whole image, and has no base: leave it out`);
  }
  const base = baseFile === undefined ? undefined : readImageFile("--base", baseFile);
  const lines = [headLine(made), "signature: the key's"];
  if (head.kind === "difference" && base === undefined) {
    lines.push(
      "chunks: each is the one that the signature reaches; name the base with --base to unpack them",
    );
  } else {
    const image = unpackedImage(made, base?.bytes);
    if ("problem" in image) throw new CommandError(1, `${file} ${image.problem}`);
    lines.push("image: unpacked, its SHA-256 is the head's");
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}
