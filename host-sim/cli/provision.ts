/**
 * `npm run provision`: writes a device's keys into an image of a board's NVS partition, for one board or
 * for a list of them. Keys come from files, the environment or a terminal, never from the command line;
 * the secret goes into the image and nowhere else. A sealed product's board gets a seal key of its own besides, made of
 * the product's master.
 */
import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { projectRoot } from "../project";
import { askForKeys } from "../tools/provision/ask";
import { readBatch } from "../tools/provision/batch";
import { deviceKeyOf, imageFault, keysFault, keysImage, withSealKey } from "../tools/provision/board-keys";
import { entryAt, othersCanRead, writeOwnFile } from "../tools/provision/own-file";
import { nvsPartition } from "../tools/provision/partitions";
import { ownDirectory } from "../cloud/store/own-directory";
import { shellWord } from "../model/shell-word";
import { Command } from "./command";
import { readKeys } from "./keys";
import { masterOption, readMasters, warnOfVersioning } from "./master-flag";
import { CommandError, misuse, systemReason, unwritten } from "./misuse";
import type { Master } from "../model/seal/master-file";
import type { BoardKeys } from "../tools/provision/board-keys";
import type { Partition } from "../tools/provision/partitions";

interface ProvisionFlags {
  keys?: string;
  batch?: string;
  master?: readonly string[];
  out?: string;
  partitions?: string;
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** An image to be written. */
interface Job {
  /** Undefined in a dry run that names no file. */
  readonly file: string | undefined;
  /** Where the list has it. */
  readonly line?: number;
  readonly keys: BoardKeys;
}

const variables = ["ENOS_PRODUCT_KEY", "ENOS_DEVICE_KEY", "ENOS_DEVICE_SECRET"];
/** Faults of a list that are told at once. */
const faultsShown = 20;

/** The `provision` command. */
export function provisionCommand(): Command {
  return new Command("provision")
    .configureHelp({ commandUsage: () => "npm run provision -- [options]" })
    .option(
      "--keys <file>",
      "JSON with productKey, deviceKey, deviceSecret (default: ENOS_PRODUCT_KEY, ENOS_DEVICE_KEY, ENOS_DEVICE_SECRET, or asked for on a terminal)",
    )
    .option("--batch <file>", "CSV of many boards: productKey,deviceKey,deviceSecret[,name]")
    .addOption(masterOption("a sealed product's master key: each board gets a seal key made of it"))
    .option("--out <path>", "the image to write; with --batch the folder for them")
    .option("--partitions <file>", "the board's partition table (default: firmware/partitions.csv)")
    .option("--force", "replace files that are there")
    .option("--dry-run", "check all and write nothing")
    .option("--json", "say what was written as JSON")
    .addHelpText("after", `\nA device key of "imei", or an empty one, has the board use its modem's IMEI.`)
    .action(provision);
}

async function provision(flags: ProvisionFlags): Promise<void> {
  if (flags.keys !== undefined && flags.batch !== undefined) {
    throw misuse("--keys is for one board and --batch for many: give one of them");
  }
  if (flags.out === undefined && flags.dryRun !== true) {
    const what = flags.batch === undefined ? "a file for the image" : "a folder for the images";
    throw misuse(`name ${what} with --out, or give --dry-run`);
  }
  const partition = readPartition(flags.partitions);
  const master = masterOf(flags);
  const jobs =
    flags.batch === undefined ? [await oneJob(flags, master)] : batchJobs(flags.batch, flags.out, master);
  for (const job of jobs) checkPlace(job, flags.force === true);
  for (const source of [flags.keys, flags.batch, flags.master?.[0]]) checkApart(source, jobs);
  for (const job of jobs) verify(keysImage(job.keys, partition.size), job);
  warnOfVersioning(flags.master ?? []);
  if (flags.dryRun !== true) write(jobs, partition, flags);
  report(jobs, partition, flags);
}

function readPartition(file = join(projectRoot(), "firmware/partitions.csv")): Partition {
  const partition = nvsPartition(read("--partitions", file));
  if ("problem" in partition) throw misuse(`${file}: ${partition.problem}`);
  return partition;
}

/** The master key of a sealed product; undefined for a plain one. */
function masterOf({ master: files, out = "" }: ProvisionFlags): Master | undefined {
  if (files === undefined) return undefined;
  if (files.length > 1)
    throw misuse(`--master: ${files.length} of them; a board has one seal key: name the newest`);
  const [master] = readMasters(files);
  if (master.isIn(out)) throw misuse("--out has the master key in it; make a new one");
  return master;
}

async function oneJob({ keys: file, out }: ProvisionFlags, master: Master | undefined): Promise<Job> {
  const given = await keysOfOne(file, master !== undefined);
  const keys = master === undefined ? given : withSealKey(given, master);
  const fault = keysFault(given) ?? ("fault" in keys ? keys.fault : undefined);
  if (fault !== undefined || "fault" in keys) throw misuse(file === undefined ? fault! : `${file}: ${fault}`);
  if (out !== undefined && out.includes(keys.deviceSecret)) throw misuse("--out holds the deviceSecret");
  return { file: out, keys };
}

async function keysOfOne(file: string | undefined, sealed: boolean): Promise<BoardKeys> {
  const unset = variables.every((name) => (process.env[name] ?? "") === "");
  if (file === undefined && unset) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      throw misuse(`no keys: name a JSON file with --keys, or set ${variables.join(", ")}`);
    }
    const asked = await askForKeys(process.stdin, process.stderr, sealed);
    if (asked === undefined) throw new CommandError(1, "nothing was written");
    return asked;
  }
  const { productKey, deviceKey, deviceSecret } = readKeys(file, process.env);
  if (file !== undefined) warnOfReaders(file);
  return { productKey, deviceKey: deviceKeyOf(deviceKey), deviceSecret };
}

function batchJobs(file: string, folder: string | undefined, master: Master | undefined): Job[] {
  const rows = readBatch(read("--batch", file), master);
  warnOfReaders(file);
  if ("faults" in rows) {
    const { faults } = rows;
    const lines = faults.slice(0, faultsShown).map((fault) => `${file}: ${fault}`);
    if (faults.length > faultsShown) lines.push(`${file}: and ${faults.length - faultsShown} more`);
    throw misuse(lines.join("\n"));
  }
  if (folder !== undefined && existsSync(folder) && !lstatSync(folder).isDirectory()) {
    throw misuse(`--out: ${folder} is no folder; with --batch it takes one`);
  }
  return rows.map(({ line, name, keys }) => ({ file: join(folder ?? "", `${name}.nvs.bin`), line, keys }));
}

/** Refuses before anything is written what would be refused when it comes to it. */
function checkPlace({ file }: Job, force: boolean): void {
  const there = file === undefined ? undefined : entryAt(file);
  if (there === undefined) return;
  if (there.isDirectory()) throw misuse(`--out: ${file} is a folder; name a file`);
  if (!force) throw misuse(`${file} is there already: move it away, or give --force to replace it`);
}

/** The list may be the only copy of the keys: no image takes its place. */
function checkApart(source: string | undefined, jobs: readonly Job[]): void {
  if (source === undefined || !existsSync(source)) return;
  const kept = realpathSync(source);
  for (const { file } of jobs) {
    if (file !== undefined && existsSync(file) && realpathSync(file) === kept) {
      throw misuse(`--out: ${file} is where the keys are read from: name another file`);
    }
  }
}

function write(jobs: readonly Job[], partition: Partition, flags: ProvisionFlags): void {
  if (flags.batch !== undefined) {
    try {
      ownDirectory(flags.out!);
    } catch (error) {
      throw unwritten(`cannot make ${flags.out}: ${systemReason(error)}`, error);
    }
  }
  jobs.forEach((job, i) => {
    const before = i === 0 ? "" : `; ${i} of ${jobs.length} images were written before`;
    try {
      writeOwnFile(job.file!, keysImage(job.keys, partition.size), flags.force === true);
      verify(readFileSync(job.file!), job);
    } catch (error) {
      if (error instanceof CommandError) throw new CommandError(1, `${error.message}${before}`);
      throw unwritten(`cannot write ${job.file}: ${systemReason(error)}${before}`, error);
    }
  });
}

function verify(image: Uint8Array, { file, keys }: Job): void {
  const fault = imageFault(image, keys);
  if (fault !== undefined) throw new CommandError(1, `${file ?? "the image"}, read back: ${fault}`);
}

function report(jobs: readonly Job[], partition: Partition, flags: ProvisionFlags): void {
  const offset = `0x${partition.offset.toString(16)}`;
  const flash = (file: string): string[] => ["python", "-m", "esptool", "write_flash", offset, file];
  if (flags.json === true) {
    const images = jobs.map(({ file, line, keys }) => ({
      file,
      line,
      productKey: keys.productKey,
      deviceKey: keys.deviceKey ?? null,
      secretLength: keys.deviceSecret.length,
      sealed: keys.sealKey !== undefined,
      flash: file === undefined ? undefined : flash(file),
    }));
    const written = flags.dryRun !== true;
    process.stdout.write(`${JSON.stringify({ written, partition, images }, undefined, 2)}\n`);
    return;
  }
  for (const { file, keys } of jobs) {
    const device = keys.deviceKey === undefined ? "the modem's IMEI" : keys.deviceKey;
    const seal = keys.sealKey === undefined ? "" : ", with a seal key";
    const secret = `secret: ${keys.deviceSecret.length} characters${seal}`;
    const place = file === undefined ? "" : `${flags.batch === undefined ? file : basename(file)}: `;
    say(`${place}product key ${keys.productKey}, device key ${device}, ${secret}`);
  }
  const images = jobs.length === 1 ? "1 image" : `${jobs.length} images`;
  const what = `${images} of ${partition.size} bytes`;
  if (flags.dryRun === true) return say(`dry run: all is well, ${what} would be written`);
  say(flags.batch === undefined ? `written: ${what}` : `written: ${what} in ${flags.out}`);
  const file = jobs.length === 1 ? jobs[0].file! : join(flags.out!, "NAME.nvs.bin");
  say(`flash ${jobs.length === 1 ? "it" : "each to its board"} with`);
  say(`  ${flash(file).map(shellWord).join(" ")}`);
}

function warnOfReaders(file: string): void {
  if (!othersCanRead(file)) return;
  process.stderr.write(`warning: others on this machine can read ${file}: chmod 600 ${shellWord(file)}\n`);
}

function read(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw misuse(`${option}: cannot read ${file}: ${systemReason(error)}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
