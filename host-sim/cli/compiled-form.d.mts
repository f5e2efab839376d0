import type { PluginBuild } from "esbuild";

/** The plugin's `setup`. */
export function compileForm(build: PluginBuild): void;
