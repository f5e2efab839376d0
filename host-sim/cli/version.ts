/** The project's version, as package.json has it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project";

/** What `--version` prints, and what the application API tells. */
export function projectVersion(): { readonly name: string; readonly version: string } {
  const { name, version } = JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  return { name, version };
}
