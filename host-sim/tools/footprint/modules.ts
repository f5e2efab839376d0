/**
 * The firmware's modules as a board's manifest has them: what ends up on the board, and of these what the
 * linker preloads, that is runs once on the developer's machine and puts into flash with all that it made.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { transformSync } from "esbuild";
import { boards } from "../../../firmware/board/boards";
import { projectRoot } from "../../project";
import { readManifest } from "./manifest";
import type { Manifest } from "./manifest";

/** A module of the firmware. */
export interface FirmwareModule {
  /** As the manifest has it, and as other modules import it, such as "coap/message". */
  readonly name: string;
  /** Its file below firmware, without the ending: its name, but for the one that stands for family/index. */
  readonly place: string;
  readonly preloaded: boolean;
  /** Path from the project's root. */
  readonly file: string;
}

/** What a board's manifest puts on it. */
export interface BoardFirmware {
  /** Its name: the board's, or "any board" where a modem was asked for. */
  readonly board: string;
  /** The family of the modem that it carries, or "all". */
  readonly modem: string;
  readonly manifest: Manifest;
  /** In order of their names. */
  readonly modules: readonly FirmwareModule[];
}

/** The board whose footprint is printed and kept. */
const usualBoard = "m5stack-nbiot";

/** @throws Error for a manifest that is none, or lacks something */
export function boardFirmware(board = usualBoard, root = projectRoot()): BoardFirmware {
  return described(board, readManifest(join(root, `firmware/board/${board}/manifest.json`)), root);
}

/**
 * What a board carries whose manifest names this modem.
 *
 * @param product the folder of its product, from the project's root
 * @throws Error for a modem without a manifest
 */
export function firmwareWith(
  modem: string,
  root = projectRoot(),
  product = "firmware/product",
): BoardFirmware {
  const parts = [
    "firmware/manifest.json",
    `firmware/board/modem/manifest-${modem}.json`,
    `${product}/manifest.json`,
  ];
  return described("any board", readManifest(...parts.map((part) => join(root, part))), root);
}

/** All boards of the table with what their manifests put on them. */
export function allBoards(root = projectRoot()): BoardFirmware[] {
  return boards.map(({ name }) => boardFirmware(name, root));
}

/** Names of the modems that a board can name. */
export function fittedModems(root = projectRoot()): string[] {
  return readdirSync(join(root, "firmware/modem/fitted")).flatMap((file) => {
    const name = /^manifest-(.+)\.json$/.exec(file);
    return name === null ? [] : [name[1]];
  });
}

function described(board: string, manifest: Manifest, root: string): BoardFirmware {
  const modules = modulesOf(manifest, root);
  const index = modules.find(({ name }) => name === "modem/family/index");
  const fitted = /^modem\/fitted\/(.+)$/.exec(index?.place ?? "");
  return { board, modem: fitted === null ? "all" : fitted[1], manifest, modules };
}

/** What boards could carry together: every family of modems, CoAP's server half, and sealing. */
export function everything(root = projectRoot()): readonly FirmwareModule[] {
  const parts = [
    "firmware/manifest.json",
    "firmware/board/modem/manifest-all.json",
    "firmware/coap/manifest-server.json",
    "firmware/seal/manifest.json",
    "firmware/product/manifest.json",
  ];
  return modulesOf(readManifest(...parts.map((part) => join(root, part))), root);
}

function modulesOf({ modules, preload }: Manifest, root: string): FirmwareModule[] {
  const preloaded = new Set(preload);
  return [...modules.keys()].sort().map((name) => {
    const file = relative(root, modules.get(name)!);
    const place = file.replace(/^firmware\//, "").replace(/\.ts$/, "");
    return { name, place, file, preloaded: preloaded.has(name) };
  });
}

/** Its JavaScript, as the TypeScript compiler leaves it: types gone, everything else in its place. */
export function javaScriptOf({ file }: FirmwareModule, root = projectRoot()): string {
  return stripTypes(readFileSync(join(root, file), "utf8"));
}

/** @throws esbuild's error for what is no TypeScript */
export function stripTypes(source: string): string {
  return transformSync(source, {
    loader: "ts",
    target: "es2022",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
  }).code;
}
