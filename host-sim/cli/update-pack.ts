/** `npm run update -- pack` and `-- diff`: the file of an update, and what it costs a device. */
import { existsSync, lstatSync, realpathSync } from "node:fs";
import { boards } from "../../firmware/board/boards";
import { compareVersions, isNewer } from "../../firmware/update/version-order";
import { checkSegment, SettingsError } from "../../firmware/enos/credentials";
import { costOf } from "../tools/update/dry-run";
import { PackageError, differencePackage, longestName, wholePackage } from "../tools/update/package-file";
import { readPackage, unpackedImage } from "../tools/update/package-reader";
import { writeWholeFile } from "../tools/update/whole-file";
import { capacity } from "./battery-flag";
import { Option, Part } from "./command";
import { CommandError, misuse, systemReason, unwritten } from "./misuse";
import { profileOf } from "./profile-flag";
import { readImageFile } from "./update-files";
import { keyOf } from "./update-keygen";
import { costLines, costRecord, headLine, headRecord } from "./update-text";
import type { BatteryLife } from "../tools/update/dry-run";
import type { PackageAbout, Sign } from "../tools/update/package-file";
import type { Package } from "../tools/update/package-reader";
import type { ImageFile } from "./update-files";

interface PackFlags {
  board: string;
  version: string;
  from?: string;
  key?: string;
  productKey?: string;
  newStorage?: boolean;
  out?: string;
  force?: boolean;
  dryRun?: boolean;
  profile: string;
  battery: number;
  years: number;
  json?: boolean;
}

/** The part `pack`. */
export function packPart(): Part {
  const part = new Part("pack")
    .description("pack a board's image as a whole, for devices with any firmware")
    .configureHelp({
      commandUsage: () => "npm run update -- pack IMAGE --board NAME --version N.N.N [options]",
    })
    .argument("<image>", "the application's .bin file, as the build or a simulated board has it");
  return addPackOptions(part).action((image: string, flags: PackFlags) => pack(undefined, image, flags));
}

/** The part `diff`. */
export function diffPart(): Part {
  const part = new Part("diff")
    .description("pack what differs from the image that devices run: a fraction of the whole")
    .configureHelp({
      commandUsage: () => "npm run update -- diff OLD NEW --board NAME --version N.N.N [options]",
    })
    .argument("<old>", "the .bin file that is on the devices, byte for byte")
    .argument("<new>", "the one that they are to get")
    .option(
      "--from <version>",
      "the old image's version (default: as the image says)",
      versionOption("--from"),
    );
  return addPackOptions(part).action((old: string, image: string, flags: PackFlags) =>
    pack(old, image, flags),
  );
}

function addPackOptions(part: Part): Part {
  return part
    .addOption(
      new Option("--board <name>", "the board that it is for")
        .choices(boards.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--version <version>", "its version, such as 0.3.0, which devices tell once they run it")
        .argParser(versionOption("--version"))
        .makeOptionMandatory(),
    )
    .option("--key <file>", "the maker's private key")
    .option("--product-key <key>", "the product that it is for (default: any)", productKeyOption)
    .option("--new-storage", "devices may come to other formats in flash, from which none comes back")
    .option("--out <file>", "the file to write, such as 0.3.0-m5stack-nbiot.enup")
    .option("--force", "replace it when it is there")
    .option("--dry-run", "say what it would cost, and write nothing")
    .option("--profile <name>", "whose joules: field, modern, a module, or a file", "field")
    .option("--battery <Wh>", "the devices' battery", capacity, 19)
    .option("--years <n>", "how long that lasts without updates, see npm run energy", yearsOption, 5)
    .option("--json", "say it as JSON") as Part;
}

function versionOption(name: string): (text: string) => string {
  return (text) => {
    if (text.length <= longestName && compareVersions(text, text) !== undefined) return text;
    throw misuse(`${name} takes three numbers such as 0.3.0 or 0.3.0-rc1, got "${text.slice(0, 40)}"`);
  };
}

/** A product key that fits into a package's head. @throws CommandError */
export function productKeyOption(text: string): string {
  try {
    checkSegment("--product-key", text);
  } catch (error) {
    if (error instanceof SettingsError) throw misuse(error.message);
    throw error;
  }
  if (text.length > longestName) throw misuse(`--product-key takes up to ${longestName} characters`);
  return text;
}

function yearsOption(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value >= 0.01 && value <= 100) return value;
  throw misuse(`--years takes a number from 0.01 to 100, got "${text.slice(0, 40)}"`);
}

function pack(baseFile: string | undefined, imageFile: string, flags: PackFlags): void {
  const { out, dryRun = false, json = false } = flags;
  if (out === undefined && !dryRun) throw misuse("name the file to write with --out, or give --dry-run");
  if (flags.key === undefined && !dryRun) throw misuse("name the maker's key with --key, or give --dry-run");
  const profile = profileOf(flags.profile);
  const key = flags.key === undefined ? undefined : keyOf(flags.key);
  const base = baseFile === undefined ? undefined : readImageFile("<old>", baseFile);
  const image = readImageFile(baseFile === undefined ? "<image>" : "<new>", imageFile);
  checkChip(flags.board, image);
  const about = aboutOf(base, flags);
  if (out !== undefined) checkPlace(out, [baseFile, imageFile, flags.key], flags.force === true);
  // A dry run needs no key: what it makes is signed by nobody, and thrown away.
  const sign: Sign = (bytes) => key?.sign(bytes) ?? new Uint8Array(64);
  const bytes = packed(base, image, about, sign);
  const made = readBack(bytes, base, image);
  const battery: BatteryLife = { capacity: flags.battery, years: flags.years };
  const cost = costOf(made, profile, battery);
  const whole = base === undefined ? undefined : wholeCost(image, about, sign, profile, battery);
  warn(image, about);
  if (!dryRun) write(out!, bytes, flags.force === true);
  if (json) {
    const record = {
      ...{ written: !dryRun, file: out, ...headRecord(made), profile: profile.name, battery },
      ...{ cost: costRecord(cost), whole: whole === undefined ? undefined : costRecord(whole) },
    };
    process.stdout.write(`${JSON.stringify(record, undefined, 2)}\n`);
    return;
  }
  const lines = [
    headLine(made),
    "",
    `what it costs a device, by profile ${profile.name}; ${battery.capacity} Wh that last ${battery.years} years without it:`,
    ...costLines(cost, whole),
    "",
    dryRun ? "dry run: nothing was written" : `written: ${out}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Boards with another chip than the first ESP32; of the user's own, nothing is known. */
const otherChips: Readonly<Record<string, string>> = { "lilygo-t-sim7080g-s3": "esp32s3" };
const anyChip = "generic";

/** @throws CommandError for an image that the board's boot loader refuses */
function checkChip(board: string, { file, says }: ImageFile): void {
  const chip = otherChips[board] ?? "esp32";
  if (board === anyChip || says.chip === chip) return;
  throw misuse(
    `--board: ${board} has an ${chip}, and ${file} is for ${says.chip}: name the board that it was built for`,
  );
}

function aboutOf(base: ImageFile | undefined, flags: PackFlags): PackageAbout {
  const { board, version, productKey } = flags;
  const about = { board, version, productKey, changesStorage: flags.newStorage === true };
  if (base === undefined) return about;
  const said = base.says.version;
  const from =
    flags.from ?? (said !== undefined && compareVersions(said, said) !== undefined ? said : undefined);
  if (from === undefined) throw misuse(`<old>: ${base.file} does not say its version: name it with --from`);
  if (isNewer(version, from) !== true) {
    throw misuse(
      `--version: ${version} is not newer than ${from}, and no device goes back: give the new image a higher one`,
    );
  }
  return { ...about, baseVersion: from };
}

/** @throws CommandError for a place that would be refused when it comes to it, or that holds what is read */
function checkPlace(out: string, sources: readonly (string | undefined)[], force: boolean): void {
  if (!existsSync(out)) return;
  if (lstatSync(out).isDirectory()) throw misuse(`--out: ${out} is a folder; name a file`);
  const place = realpathSync(out);
  for (const source of sources) {
    if (source !== undefined && existsSync(source) && realpathSync(source) === place) {
      throw misuse(`--out: ${out} is what is read: name another file`);
    }
  }
  if (!force) throw misuse(`${out} is there already: move it away, or give --force to replace it`);
}

function packed(base: ImageFile | undefined, image: ImageFile, about: PackageAbout, sign: Sign): Buffer {
  try {
    return base === undefined
      ? wholePackage(image.bytes, about, sign)
      : differencePackage(base.bytes, image.bytes, about, sign);
  } catch (error) {
    if (error instanceof PackageError) throw misuse(error.message);
    throw error;
  }
}

/** Reads it as a device does, before anybody relies on it. */
function readBack(bytes: Buffer, base: ImageFile | undefined, image: ImageFile): Package {
  const made = readPackage(bytes);
  const again = "problem" in made ? made : unpackedImage(made, base?.bytes);
  if ("problem" in made || "problem" in again) {
    throw new CommandError(1, `the package, read back, ${(again as { problem: string }).problem}`);
  }
  if (!again.equals(image.bytes)) throw new CommandError(1, "the package, read back, makes another image");
  return made;
}

function wholeCost(
  image: ImageFile,
  about: PackageAbout,
  sign: Sign,
  ...[profile, battery]: [Parameters<typeof costOf>[1], BatteryLife]
): ReturnType<typeof costOf> {
  const { board, version } = about;
  return costOf(
    readPackage(wholePackage(image.bytes, { board, version }, sign)) as Package,
    profile,
    battery,
  );
}

/** What is not wrong by itself, and would be found out on the devices. */
function warn({ file, bytes }: ImageFile, { version }: PackageAbout): void {
  if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(version, 0, "latin1")) return;
  process.stderr.write(
    `warning: ${file} has no text ${version} in it: a device that tells another version is updated again and again; ` +
      `does firmware/product/version.ts say so?\n`,
  );
}

function write(out: string, bytes: Uint8Array, force: boolean): void {
  try {
    writeWholeFile(out, bytes, force);
  } catch (error) {
    throw unwritten(`cannot write ${out}: ${systemReason(error)}`, error);
  }
}
