import type { BuildOptions } from "esbuild";

export interface Bundle {
  /** Folder that the files lie in; undefined where build/ cannot be written. */
  readonly folder: string | undefined;
  /** Text of each file by its name. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * What esbuild makes of these options, kept until something that goes into it changes.
 *
 * @param of.root the project's folder; paths in the options are relative to it
 * @param of.name one name for one set of options
 * @param of.options esbuild's, all output files in one folder. Plugins do not tell two sets of options apart:
 *   what they do depends on `sources` and on the other options alone
 * @param of.sources files that say how the bundle is made, those of plugins among them
 * @throws the bundler's error when a file or a module is missing; ERR_MODULE_NOT_FOUND without esbuild
 */
export function bundled(of: {
  readonly root: string;
  readonly name: string;
  readonly options: BuildOptions;
  readonly sources?: readonly string[];
}): Promise<Bundle>;
